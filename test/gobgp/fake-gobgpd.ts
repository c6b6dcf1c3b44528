/** A gobgpd 4.x that behaves as no obtainable one can be made to, for the odd cases. */
import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerWritableStream,
  type status,
} from "@grpc/grpc-js";
import {
  type AddPathStreamRequest,
  GoBgpServiceService,
  type ListPeerResponse,
  type Path,
  type WatchEventRequest,
  type WatchEventResponse,
} from "../../src/gobgp/generated/v4/gobgp.ts";

/** Bytes are sent as they are. */
export type WatchCall = ServerWritableStream<WatchEventRequest, WatchEventResponse | Buffer>;

export type PeersCall = ServerWritableStream<object, ListPeerResponse>;

export class FakeGobgpd {
  asn = 65_000;
  routerId = "192.0.2.1";
  /** Why it does not take these paths. */
  refuse: (paths: readonly Path[]) => { code: status; details: string } | undefined = () =>
    undefined;
  /** What it says first to who watches; by default, as gobgpd does, that there is nothing. */
  onWatch: (call: WatchCall) => void = (call) => {
    call.write({ event: { $case: "peer", value: {} } });
    call.write({ event: { $case: "table", value: { paths: [] } } });
  };
  /** Its answer to who asks for its peers; by default that it has none. */
  onPeers: (call: PeersCall) => void = (call) => call.end();
  readonly written: Path[][] = [];
  /** Calls to write that have been opened, whether anything has come by them or not. */
  opened = 0;
  readonly #server = new Server();
  #port = 0;

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** With no services it is a gRPC server of something else. */
  async start({ services = true }: { services?: boolean } = {}): Promise<void> {
    if (services) this.#addService();
    const insecure = ServerCredentials.createInsecure();
    this.#port = await new Promise((resolve, reject) =>
      this.#server.bindAsync("127.0.0.1:0", insecure, (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }

  #addService(): void {
    const nobody: handleServerStreamingCall<object, never> = (call) => call.end();
    const getBgp: handleUnaryCall<object, { global: { asn: number; routerId: string } }> = (
      _,
      done,
    ) => done(null, { global: { asn: this.asn, routerId: this.routerId } });
    const { watchEvent } = GoBgpServiceService;
    const responseSerialize = (said: WatchEventResponse | Buffer): Buffer =>
      Buffer.isBuffer(said) ? said : watchEvent.responseSerialize(said);
    const service = { ...GoBgpServiceService, watchEvent: { ...watchEvent, responseSerialize } };
    this.#server.addService(service, {
      getBgp,
      listPeer: (call: PeersCall) => this.onPeers(call),
      listPath: nobody,
      watchEvent: (call: WatchCall) => this.onWatch(call),
      addPathStream: (
        call: NodeJS.EventEmitter,
        done: (error: { code: status; details: string } | null, response?: object) => void,
      ) => {
        const paths: Path[] = [];
        this.opened++;
        call.on("data", (request: AddPathStreamRequest) => paths.push(...request.paths));
        call.on("end", () => {
          const refusal = this.refuse(paths);
          if (refusal === undefined) this.written.push(paths);
          done(refusal ?? null, {});
        });
      },
    });
  }
}
