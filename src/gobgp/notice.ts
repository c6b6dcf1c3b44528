/**
 * What the GoBGP edge has to tell people. The kinds are stable names: logs and metrics use them as
 * they are.
 */

export type GobgpNotice =
  /** gobgpd answers, and BGP is started on it. */
  | {
      readonly kind: "gobgp-connected";
      readonly address: string;
      readonly api: "v3" | "v4";
      readonly asn: number;
      readonly routerId: string;
    }
  /** The connection is gone or could not be made; told once for every new reason. */
  | { readonly kind: "gobgp-disconnected"; readonly address: string; readonly reason: string }
  /** This gobgpd has defects that matter here: with `refused` nothing is asked of it. */
  | {
      readonly kind: "dangerous-version";
      readonly versions: string;
      readonly refused: boolean;
      readonly reason: string;
    }
  /** All that stood in the RIB at the connect is known now. */
  | {
      readonly kind: "rib-told";
      readonly macIpRoutes: number;
      readonly imetRoutes: number;
      /** Routes of before which were not there any more. */
      readonly swept: number;
      readonly waitedFor: RibWait;
    }
  /** A path that can not be read, or means nothing here; `reason` is a counter's label. */
  | {
      readonly kind: "path-malformed";
      readonly reason: PathMalformed;
      readonly neighbor: string;
      /** The route, as far as it could be read. */
      readonly route: string;
    }
  /** gobgpd would not take our route, or it was not fit to be sent. */
  | { readonly kind: "route-refused"; readonly route: string; readonly reason: string };

/** What ended the wait for the RIB of the start. */
export type RibWait = "no-peers" | "peer-established" | "end-of-rib" | "time";

export type PathMalformed =
  | "route-type"
  | "route-distinguisher"
  | "mac"
  | "ip"
  | "label"
  | "esi"
  | "originator"
  | "attributes-missing"
  | "encapsulation"
  | "next-hop"
  | "pmsi-missing"
  | "pmsi-type"
  | "pmsi-id";
