/**
 * How a request over TCP is signed with the shared key: HMAC-SHA256 over what is asked, of whom, when,
 * and a nonce, in gRPC metadata. The one asked has a random name, the listener, which is new at every
 * start: so what was signed for one roamd is worth nothing at another, nor at the same one after a
 * restart that made it forget the nonces. Who does not know the name yet signs for an empty one, is
 * refused, and told the name.
 */
import { createHmac, randomBytes } from "node:crypto";
import { Metadata } from "@grpc/grpc-js";
import { err, ok, type Result } from "../evpn/result.ts";

export const LISTENER_HEADER = "roamd-listener";
const TIME_HEADER = "roamd-time";
const NONCE_HEADER = "roamd-nonce";
const SIGNATURE_HEADER = "roamd-signature";

/** What is asked: the path of the method, and the JSON text. */
export interface Asked {
  readonly method: string;
  readonly body: string;
}

/** What is signed besides. */
interface Circumstances {
  /** Empty where it is not known. */
  readonly listener: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly nonce: string;
}

export interface Signature extends Circumstances {
  readonly mac: Buffer;
}

/** None of the lines before the body can have a line break in it, so no two requests are alike. */
export function macOf(
  key: Buffer,
  { method, body }: Asked,
  { listener, at, nonce }: Circumstances,
): Buffer {
  const text = ["roamd-1", method, listener, at, nonce, body].join("\n");
  return createHmac("sha256", key).update(text).digest();
}

/** Names and nonces: 128 random bits. */
export function randomName(): string {
  return randomBytes(16).toString("hex");
}

/** The caller's side. */
export class Signer {
  readonly #key: Buffer;
  readonly #now: () => number;
  #listener = "";

  /** `now` is the time of day, which the one asked compares with its own. */
  constructor(key: Buffer, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  sign(asked: Asked): Metadata {
    const at = Math.round(this.#now());
    const given = { listener: this.#listener, at, nonce: randomName() };
    const metadata = new Metadata();
    metadata.set(LISTENER_HEADER, given.listener);
    metadata.set(TIME_HEADER, String(at));
    metadata.set(NONCE_HEADER, given.nonce);
    metadata.set(SIGNATURE_HEADER, macOf(this.#key, asked, given).toString("hex"));
    return metadata;
  }

  /** Takes the name from a refusal; answers whether it is worth to ask again. */
  learn(refusal: Metadata): boolean {
    const listener = oneOf(refusal, LISTENER_HEADER);
    if (listener === undefined || !NAME.test(listener) || listener === this.#listener) return false;
    this.#listener = listener;
    return true;
  }
}

const NAME = /^[0-9a-f]{32}$/;
const TIME = /^\d{1,15}$/;
const MAC = /^[0-9a-f]{64}$/;

/** Reads what somebody has sent; whether it is true is another question. */
export function readSignature(
  metadata: Metadata,
): Result<Signature, "no-signature" | "signature-malformed"> {
  if (metadata.get(SIGNATURE_HEADER).length === 0) return err("no-signature");
  const mac = oneOf(metadata, SIGNATURE_HEADER) ?? "";
  const listener = oneOf(metadata, LISTENER_HEADER) ?? "none";
  const at = oneOf(metadata, TIME_HEADER) ?? "";
  const nonce = oneOf(metadata, NONCE_HEADER) ?? "";
  const isWellFormed =
    MAC.test(mac) && (listener === "" || NAME.test(listener)) && TIME.test(at) && NAME.test(nonce);
  if (!isWellFormed) return err("signature-malformed");
  return ok({ listener, at: Number(at), nonce, mac: Buffer.from(mac, "hex") });
}

function oneOf(metadata: Metadata, header: string): string | undefined {
  const [value, ...more] = metadata.get(header);
  return typeof value === "string" && more.length === 0 ? value : undefined;
}
