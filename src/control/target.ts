/** Whom `roam` asks: the daemon's socket, or `tcp://host:port` with what it takes to be let in there. */
import type { NetConnectOpts } from "node:net";
import { resolve } from "node:path";
import { err, ok, type Result } from "../evpn/result.ts";
import { joinAddress, splitAddress } from "./address.ts";
import { readCertificate, readKeyFile, readSecret } from "./credential-file.ts";
import { Signer } from "./signature.ts";

export interface Target {
  /** As people know it. */
  readonly shown: string;
  /** As gRPC knows it. */
  readonly grpc: string;
  readonly connect: NetConnectOpts;
  /** Whose certificate is expected, where there is one. */
  readonly host: string;
  /** Signs the requests; `undefined`: they are not signed. */
  readonly signer: Signer | undefined;
  /** `undefined`: without TLS. */
  readonly tls: TlsTexts | undefined;
}

/** PEM texts. */
interface TlsTexts {
  /** `null`: whomever this machine trusts. */
  readonly ca: Buffer | null;
  readonly certificate: Buffer | undefined;
  readonly key: Buffer | undefined;
}

/** What was typed. */
export interface TargetOptions {
  /** A path, or `tcp://host:port`. */
  readonly control: string;
  readonly keyFile?: string;
  readonly tlsCa?: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
}

const TCP = "tcp://";

export function socketTarget(socket: string): Target {
  const path = resolve(socket);
  return {
    shown: path,
    grpc: `unix:${path}`,
    connect: { path },
    host: "",
    signer: undefined,
    tls: undefined,
  };
}

/** `now` is the time of day, with which requests are signed. */
export function readTarget(options: TargetOptions, now: () => number): Result<Target> {
  const { control, keyFile } = options;
  if (!control.startsWith(TCP)) {
    const more = TCP_ONLY.find(([name]) => options[name] !== undefined)?.[1];
    if (more === undefined) return ok(socketTarget(control));
    return err(`Cannot use ${more} with the socket ${control}: it is for ${TCP}host:port`);
  }
  const address = splitAddress(control.slice(TCP.length));
  if (address === undefined || address.port === 0) {
    return err(`Cannot reach roamd at "${control}": it is not ${TCP}host:port`);
  }
  const tls = readTls(options);
  if (!tls.ok) return tls;
  const key = keyFile === undefined ? ok(undefined) : readKeyFile(keyFile);
  if (!key.ok) return key;
  return ok({
    shown: control,
    grpc: `dns:${joinAddress(address)}`,
    connect: address,
    host: address.host,
    signer: key.value === undefined ? undefined : new Signer(key.value, now),
    tls: tls.value,
  });
}

const TCP_ONLY = [
  ["keyFile", "--key-file"],
  ["tlsCa", "--tls-ca"],
  ["tlsCertificate", "--tls-certificate"],
  ["tlsKey", "--tls-key"],
] as const;

function readTls({ tlsCa, tlsCertificate, tlsKey }: TargetOptions): Result<TlsTexts | undefined> {
  if ((tlsCertificate === undefined) !== (tlsKey === undefined)) {
    return err("Cannot use TLS: --tls-certificate and --tls-key are needed together");
  }
  if (tlsCa === undefined && tlsKey === undefined) return ok(undefined);
  const ca = tlsCa === undefined ? ok(null) : readCertificate(tlsCa);
  if (!ca.ok) return ca;
  const certificate =
    tlsCertificate === undefined ? ok(undefined) : readCertificate(tlsCertificate);
  if (!certificate.ok) return certificate;
  const key = tlsKey === undefined ? ok(undefined) : readSecret(tlsKey);
  if (!key.ok) return key;
  return ok({ ca: ca.value, certificate: certificate.value, key: key.value });
}
