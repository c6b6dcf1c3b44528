/** Where gobgpd's API is and how to get there: address, credentials and the settings of gRPC. */
import { readFileSync } from "node:fs";
import { type ChannelCredentials, type ClientOptions, credentials } from "@grpc/grpc-js";

/** Names of PEM files; they are read again at every connect, so that they can be renewed. */
export interface TlsFiles {
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  /** The name in gobgpd's certificate, where it is not the host in the address. */
  readonly serverName: string | undefined;
}

export interface Endpoint {
  readonly target: string;
  readonly credentials: ChannelCredentials;
  readonly channel: ClientOptions;
}

const CHANNEL: ClientOptions = {
  // A dump of some ten thousand routes is above the default of 4 MB.
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
  // A message of a dump is larger than the default of 64 KB: with two of them on their way, gobgpd makes
  // the next while we take in the last.
  "grpc-node.flow_control_window": 256 << 10,
  // No keepalive: gobgpd takes more than one in five minutes for an attack and closes.
  // Each connection has a channel of its own: a shared one would make the next attempt wait for
  // the backoff of the last.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_http_proxy": 0,
  "grpc.enable_retries": 0,
  "grpc.service_config_disable_resolution": 1,
};

/** Throws a sentence if the address or a file is no good. */
export function openEndpoint(address: string, tls: TlsFiles | undefined): Endpoint {
  const target = targetOf(address);
  if (tls === undefined) {
    return { target, credentials: credentials.createInsecure(), channel: CHANNEL };
  }
  const name = tls.serverName ?? (target.startsWith("unix:") ? "localhost" : undefined);
  return {
    target,
    credentials: credentials.createSsl(readPem(tls.ca), readPem(tls.key), readPem(tls.certificate)),
    channel: name === undefined ? CHANNEL : { ...CHANNEL, "grpc.ssl_target_name_override": name },
  };
}

function targetOf(address: string): string {
  if (/^unix:\/./.test(address)) return address;
  if (/^(\[[0-9a-f:.]+\]|[^:/[\]\s]+):\d{1,5}$/i.test(address)) return address;
  throw new Error(`Cannot use "${address}" as address of gobgpd: not host:port or unix:/path`);
}

function readPem(file: string | undefined): Buffer | null {
  if (file === undefined) return null;
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${error instanceof Error ? error.message : error}`);
  }
}
