/**
 * The calls of gobgpd's API, which both generations name and shape alike; what differs is the
 * service, the numbers in a request and the message of a path. `api-v3.ts` and `api-v4.ts` say so.
 */
import type {
  CallOptions,
  ClientReadableStream,
  ClientUnaryCall,
  ClientWritableStream,
  Metadata,
  ServiceError,
} from "@grpc/grpc-js";
import {
  type ApiGeneration,
  answerOf,
  eachAnswer,
  type PeerSeen,
  type SpeakerApi,
  sessionState,
} from "./api.ts";
import { MessageReader, Texts } from "./message-reader.ts";
import { ReadyCall } from "./ready-call.ts";
import { EVPN_FAMILY, type PathCodec } from "./speaker-path.ts";
import { type ReadPath, WatchMessage } from "./watch-message.ts";

interface PeerMessage {
  conf: { neighborAddress: string; peerAsn: number; adminDown: boolean } | undefined;
  state: { neighborAddress: string; peerAsn: number; sessionState: number } | undefined;
  timers: { state: { uptime: { seconds: number } | undefined } | undefined } | undefined;
}

interface ListPathRequest<Table> {
  tableType: Table;
  family: typeof EVPN_FAMILY;
  prefixes: { prefix: string }[];
  enableAttributeBinary: boolean;
}

type Done<T> = (error: ServiceError | null, response: T) => void;

/** What the two generated clients have in common. */
export interface ApiClient<Message, Table> {
  getBgp(
    request: Record<string, never>,
    metadata: Metadata,
    options: Partial<CallOptions>,
    done: Done<{ global: { asn: number; routerId: string } | undefined }>,
  ): ClientUnaryCall;
  listPeer(request: Record<string, never>): ClientReadableStream<{ peer: PeerMessage | undefined }>;
  listPath(
    request: ListPathRequest<Table>,
  ): ClientReadableStream<{ destination: { paths: Message[] } | undefined }>;
  addPathStream(
    metadata: Metadata,
    options: Partial<CallOptions>,
    done: Done<unknown>,
  ): ClientWritableStream<{ tableType: Table; paths: Message[] }>;
  close(): void;
}

export interface Generation<Message, Table> {
  readonly generation: ApiGeneration;
  readonly client: ApiClient<Message, Table>;
  readonly codec: PathCodec<Message>;
  readonly readPath: ReadPath<Message>;
  /** The number of the global table. */
  readonly table: Table;
  /**
   * Best paths and End-of-RIB markers with those that stand first, and changes of peers; the messages as
   * they are.
   */
  readonly openWatch: (batchSize: number) => ClientReadableStream<Buffer>;
}

export function speakerApi<Message, Table>(
  { generation, client, codec, readPath, table, openWatch }: Generation<Message, Table>,
  now: () => number,
): SpeakerApi {
  const writing = new ReadyCall<{ tableType: Table; paths: Message[] }>((metadata, done) =>
    client.addPathStream(metadata, {}, done),
  );
  return {
    generation,
    async identity(signal) {
      const { global } = await answerOf<{ global: { asn: number; routerId: string } | undefined }>(
        (metadata, options, done) => client.getBgp({}, metadata, options, done),
        { now, signal },
      );
      return { asn: global?.asn ?? 0, routerId: global?.routerId ?? "" };
    },
    async peers(signal) {
      const peers: PeerSeen[] = [];
      const take = ({ peer }: { peer: PeerMessage | undefined }): void => {
        if (peer !== undefined) peers.push(readPeer(peer));
      };
      await eachAnswer(client.listPeer({}), take, signal);
      return peers;
    },
    async each(look, signal) {
      const take = ({ destination }: { destination: { paths: Message[] } | undefined }): void => {
        for (const path of destination?.paths ?? []) look(codec.decode(path));
      };
      const call = client.listPath({
        ...{ tableType: table, family: EVPN_FAMILY, prefixes: [] },
        enableAttributeBinary: true,
      });
      await eachAnswer(call, take, signal);
    },
    async write(paths, signal) {
      const messages = paths.map((path) => codec.encode(path, now()));
      await writing.send({ tableType: table, paths: messages }, signal);
    },
    async watch({ batchSize, onPath, onPaths, onPeerChange }, signal) {
      const texts = new Texts();
      const call = openWatch(batchSize);
      const take = (bytes: Buffer): void => {
        const message = new WatchMessage(new MessageReader(bytes, texts), readPath);
        for (let path = message.next(); path !== undefined; path = message.next()) {
          onPath(codec.decode(path));
        }
        if (message.paths !== undefined) onPaths(message.paths);
        if (message.isOfPeer) onPeerChange();
        if (message.unreadable === undefined) return;
        call.destroy(
          new Error(`Cannot read what gobgpd tells of its table: ${message.unreadable}`),
        );
      };
      await eachAnswer(call, take, signal);
      throw new Error("gobgpd has ended the watch");
    },
    close() {
      writing.close();
      client.close();
    },
  };
}

function readPeer({ conf, state, timers }: PeerMessage): PeerSeen {
  return {
    address: state?.neighborAddress || conf?.neighborAddress || "",
    asn: state?.peerAsn || conf?.peerAsn || 0,
    state: sessionState(state?.sessionState ?? 0),
    adminDown: conf?.adminDown ?? false,
    upSince: timers?.state?.uptime?.seconds ?? 0,
  };
}
