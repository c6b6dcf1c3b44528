/**
 * Who may ask over TCP: whoever has a certificate, signs with the shared key, or both, as it was
 * configured. A question that changes nothing is no exception, for the tables say who is where.
 */
import { timingSafeEqual } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";
import { err, ok, type Result } from "../evpn/result.ts";
import type { ControlNotice, ControlRefused } from "../report/control-notice.ts";
import { type Asked, LISTENER_HEADER, macOf, randomName, readSignature } from "./signature.ts";

/** How far the clock of the caller may be from ours. */
export const SKEW_MS = 30_000;
/** Nonces that are remembered; then the listener takes another name, which makes them worthless. */
export const NONCES_MAX = 10_000;

/** Somebody at the other end of a connection. */
export interface Peer {
  readonly address: string;
  /** The name in a certificate that was verified; else why there is none. */
  readonly certificate: Result<string, CertificateRefused>;
}

export interface CertificateRefused {
  readonly reason: "no-certificate" | "certificate-not-trusted";
  readonly details: string;
}

/** What the one who was refused is told. */
export interface Refusal {
  readonly details: string;
  readonly metadata?: Metadata;
}

export interface AuthorisationOptions {
  /** Whether a certificate is asked for. */
  readonly certificates: boolean;
  /** `undefined`: requests need not be signed. */
  readonly key: Buffer | undefined;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  readonly tell: (notice: ControlNotice) => void;
}

export class Authorisation {
  readonly #options: AuthorisationOptions;
  readonly #nonces = new Set<string>();
  #listener = randomName();

  constructor(options: AuthorisationOptions) {
    this.#options = options;
  }

  /** Answers who it is, as people are told it. */
  admit(peer: Peer, asked: Asked, metadata: Metadata): Result<string, Refusal> {
    const { certificates, key } = this.#options;
    if (certificates && !peer.certificate.ok) {
      const { reason, details } = peer.certificate.error;
      return this.#refuse(peer, reason, details);
    }
    if (key !== undefined) {
      const signed = this.#verify(key, { peer, asked, metadata });
      if (!signed.ok) return signed;
    }
    const keyed = key === undefined ? "anybody" : "key";
    const name = certificates && peer.certificate.ok ? peer.certificate.value : keyed;
    return ok(`${name} at ${peer.address}`);
  }

  #verify(
    key: Buffer,
    { peer, asked, metadata }: { peer: Peer; asked: Asked; metadata: Metadata },
  ): Result<undefined, Refusal> {
    const read = readSignature(metadata);
    if (!read.ok) return this.#refuse(peer, read.error, UNSIGNED[read.error]);
    const { listener, at, nonce, mac } = read.value;
    // First of all: what is said to the others tells nothing to those without the key.
    if (!timingSafeEqual(mac, macOf(key, asked, read.value))) {
      return this.#refuse(peer, "wrong-key", "it is not signed with our key");
    }
    if (listener === "") return err(this.#named("the signature does not say whom it is for"));
    if (listener !== this.#listener) {
      this.#tell(peer, "other-listener");
      return err(this.#named("it is signed for another roamd, or for one before a restart"));
    }
    const skew = Math.abs(this.#options.now() - at);
    if (skew > SKEW_MS) {
      const [seconds, most] = [Math.round(skew / 1000), SKEW_MS / 1000];
      const details = `it was signed ${seconds} s away from the time here, at most ${most} s may be`;
      return this.#refuse(peer, "clock", details);
    }
    if (this.#nonces.has(nonce)) {
      return this.#refuse(peer, "replayed", "the same request was here before");
    }
    this.#remember(nonce);
    return ok(undefined);
  }

  #remember(nonce: string): void {
    this.#nonces.add(nonce);
    if (this.#nonces.size < NONCES_MAX) return;
    this.#nonces.clear();
    this.#listener = randomName();
  }

  #named(reason: string): Refusal {
    const metadata = new Metadata();
    metadata.set(LISTENER_HEADER, this.#listener);
    return { ...refusal(reason), metadata };
  }

  #refuse(peer: Peer, reason: ControlRefused, details: string): Result<never, Refusal> {
    this.#tell(peer, reason);
    return err(refusal(details));
  }

  #tell({ address }: Peer, reason: ControlRefused): void {
    this.#options.tell({ kind: "control-refused", reason, peer: address });
  }
}

const UNSIGNED = {
  "no-signature": "it is not signed: roam needs --key-file",
  "signature-malformed": "its signature can not be read",
} as const;

function refusal(reason: string): Refusal {
  return { details: `Cannot take the request: ${reason}` };
}
