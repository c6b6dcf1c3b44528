/** What the control API has to tell people. */

/** Somebody asked over TCP and was not answered; `reason` is a counter's label. */
export interface ControlNotice {
  readonly kind: "control-refused";
  readonly reason: ControlRefused;
  /** The address it came from. */
  readonly peer: string;
}

export type ControlRefused =
  | "no-certificate"
  | "certificate-not-trusted"
  | "no-signature"
  | "signature-malformed"
  | "wrong-key"
  /** Signed for another roamd, or for one that has been restarted since. */
  | "other-listener"
  | "clock"
  | "replayed";
