/**
 * The way in over TCP. Connections are accepted here and handed to gRPC, for two reasons: whoever
 * has no good certificate shall be told so by a status, and not by a connection that breaks; and
 * who is at the other end is known only here.
 */

import { constants } from "node:crypto";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import { err, ok, type Result } from "../evpn/result.ts";
import { joinAddress, splitAddress } from "./address.ts";
import { Authorisation, type AuthorisationOptions, type Peer } from "./authorisation.ts";
import type { Admit } from "./calls.ts";
import { readCertificate, readKeyFile, readSecret } from "./credential-file.ts";
import { codeOf } from "./socket.ts";

export interface TcpAccess {
  /** `host:port`. */
  readonly address: string;
  /** PEM files; read at the start. */
  readonly tls:
    | { readonly ca: string; readonly certificate: string; readonly key: string }
    | undefined;
  readonly keyFile: string | undefined;
}

/** Connections at a time, also of those who may not: the socket is not concerned by them. */
const CONNECTIONS_MAX = 64;
const HANDSHAKE_MS = 10_000;
/** So long somebody may be connected without having been admitted once. */
const TRIAL_MS = 10_000;
/** A connection without a call is given up after this long. */
export const IDLE_MS = 60_000;

/** What was found out about who may come in, before anybody does. */
export interface TcpDoor {
  readonly admit: Admit;
  /** Answers the address it came to be, which is another where port 0 was asked for. */
  readonly open: (server: Server) => Promise<Result<string>>;
  readonly close: () => void;
}

export function prepareTcp(
  { address, tls, keyFile }: TcpAccess,
  { now, tell }: Pick<AuthorisationOptions, "now" | "tell">,
): Result<TcpDoor> {
  const key = keyFile === undefined ? ok(undefined) : readKeyFile(keyFile);
  if (!key.ok) return key;
  const front = tls === undefined ? ok(createServer()) : createTlsFront(tls);
  if (!front.ok) return front;
  const guests = new Guests();
  const options = { certificates: tls !== undefined, key: key.value, now, tell };
  const authorisation = new Authorisation(options);
  return ok({
    admit: (call, asked) => {
      const name = call.getPeer();
      const admitted = authorisation.admit(guests.peer(name), asked, call.metadata);
      if (admitted.ok) guests.stay(name);
      return admitted;
    },
    open: (server) => openFront(front.value, { address, server, guests }),
    close: () => {
      front.value.close();
      guests.close();
    },
  });
}

const NO_CERTIFICATE = {
  reason: "no-certificate",
  details: "no certificate was shown: roam needs --tls-certificate and --tls-key",
} as const;

/** Of a connection that is gone already. */
const NOBODY: Peer = { address: "unknown", certificate: err(NO_CERTIFICATE) };

/** Who is connected; some of them have only just come, and may not be allowed to stay. */
class Guests {
  readonly #peers = new Map<string, { readonly peer: Peer; readonly trial: NodeJS.Timeout }>();
  /** Also those that are still shaking hands. */
  readonly #sockets = new Set<Socket>();

  accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  /** `name` is as gRPC calls the peer. */
  welcome(name: string, peer: Peer, socket: Socket): void {
    const trial = setTimeout(() => socket.destroy(), TRIAL_MS);
    this.#peers.set(name, { peer, trial });
    socket.once("close", () => {
      clearTimeout(trial);
      this.#peers.delete(name);
    });
  }

  peer(name: string): Peer {
    return this.#peers.get(name)?.peer ?? NOBODY;
  }

  stay(name: string): void {
    clearTimeout(this.#peers.get(name)?.trial);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function createTlsFront(files: NonNullable<TcpAccess["tls"]>): Result<NetServer> {
  const key = readSecret(files.key);
  if (!key.ok) return key;
  const ca = readCertificate(files.ca);
  if (!ca.ok) return ca;
  const cert = readCertificate(files.certificate);
  if (!cert.ok) return cert;
  try {
    const server = createTlsServer({
      ca: ca.value,
      cert: cert.value,
      key: key.value,
      requestCert: true,
      // It is judged for each call, so that the caller can be told what is wrong with it.
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1.2",
      handshakeTimeout: HANDSHAKE_MS,
      // A session that is taken up again shows no certificate.
      secureOptions: constants.SSL_OP_NO_TICKET,
    });
    // A handshake that fails is no connection; nobody has asked anything.
    server.on("tlsClientError", (_error, socket) => socket.destroy());
    return ok(server);
  } catch (error) {
    return err(`Cannot use ${files.certificate} with ${files.key}: ${codeOf(error)}`);
  }
}

function openFront(
  front: NetServer,
  {
    address,
    server,
    guests,
  }: { readonly address: string; readonly server: Server; readonly guests: Guests },
): Promise<Result<string>> {
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const secure = "setSecureContext" in front;
  front.maxConnections = CONNECTIONS_MAX;
  front.on("connection", (socket: Socket) => guests.accept(socket));
  front.on(secure ? "secureConnection" : "connection", (socket: Socket) => {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const peer = {
      address: remoteAddress.replace(/^::ffff:/, ""),
      certificate: secure ? certificateOf(socket as TLSSocket) : err(NO_CERTIFICATE),
    };
    guests.welcome(`${remoteAddress}:${remotePort}`, peer, socket);
    // gRPC hears of it as well; without anybody who does it would end the process.
    socket.on("error", () => socket.destroy());
    injector.injectConnection(socket);
  });
  return new Promise((resolve) => {
    front.on("error", (error) => resolve(err(`Cannot listen on ${address}: ${codeOf(error)}`)));
    front.listen(splitAddress(address), () => {
      const bound = front.address();
      const isNamed = typeof bound === "string" || bound === null;
      resolve(ok(isNamed ? address : joinAddress({ host: bound.address, port: bound.port })));
    });
  });
}

/** Longer names, and what is not to be printed, are not for a log. */
const NAME_MAX = 64;

function certificateOf(socket: TLSSocket): Peer["certificate"] {
  const { raw, subject } = socket.getPeerCertificate();
  if (raw === undefined) return err(NO_CERTIFICATE);
  if (!socket.authorized) {
    const details = `the certificate is not trusted: ${socket.authorizationError}`;
    return err({ reason: "certificate-not-trusted", details });
  }
  const [name] = [subject.CN].flat();
  if (name === undefined) return ok("certificate");
  return ok(`CN=${name.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, NAME_MAX)}`);
}
