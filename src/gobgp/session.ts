/** One connection to gobgpd, from the moment it answers until it does not. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Listener } from "../mobility/observation.ts";
import type { PeerSeen, SpeakerApi, SpeakerIdentity } from "./api.ts";
import { keepsBatchSize, OLD_V3, PATHS_FOR_PROBE } from "./detect.ts";
import { Dump } from "./dump.ts";
import type { GobgpNotice, RibWait } from "./notice.ts";
import type { Rib } from "./rib.ts";
import type { SpeakerPath } from "./speaker-path.ts";

export interface SessionOptions {
  readonly api: SpeakerApi;
  readonly identity: SpeakerIdentity;
  readonly rib: Rib;
  readonly listener: Pick<Listener<GobgpNotice>, "news" | "tell">;
  readonly now: () => number;
  /** The first since we started, or gobgpd has been away meanwhile. */
  readonly first: boolean;
  readonly onPeers: (peers: readonly PeerSeen[]) => void;
}

/** How often gobgpd is asked whether it is well: gRPC's own keepalive it would not bear. */
const HEALTH_MS = 2000;
/** Nothing more of what stands has come for so long: the watch is silent, or there is nothing more. */
const STALL_MS = 10_000;
/** At the start nothing is written before the RIB is known, so the wait is short. */
const PATIENCE_AT_START_MS = 5000;
/**
 * After a reconnect old routes stand until this is over, so that traffic goes on while gobgpd's
 * sessions come back (as in RFC 4724 §4.2).
 */
const PATIENCE_LATER_MS = 60_000;
const SETTLE_POLL_MS = 100;
/** No old route has come back for so long: none will. */
const QUIET_MS = 2000;
/** A session that has been up for so long has told what its peer knows, or most of it. */
const UP_FOR_SECONDS = 2;
/** More in a message costs gobgpd memory, fewer cost time. */
const WATCH_BATCH = 500;

export class Session {
  /** Resolves when all that stands has been told, and rejects if the connection is over before. */
  readonly begun: Promise<void>;
  readonly #options: SessionOptions;
  #settle: { readonly resolve: () => void; readonly reject: (reason: Error) => void } | undefined;
  readonly #endOfRib = new Set<string>();
  #readingPeers: Promise<readonly PeerSeen[]> | undefined;
  #nextPeers: Promise<readonly PeerSeen[]> | undefined;
  readonly #dump = new Dump(WATCH_BATCH);
  #versionKnown: boolean;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#versionKnown = options.api.generation !== "v3";
    this.begun = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Nobody may be waiting.
    this.begun.catch(() => {});
  }

  /** Rejects with the reason why the connection is over. */
  async run(signal: AbortSignal): Promise<never> {
    const end = new AbortController();
    const life = AbortSignal.any([signal, end.signal]);
    try {
      this.#options.rib.begin();
      const watch = this.#watch(life);
      const health = this.#health(life);
      await Promise.race([watch, health, this.#begin(life)]);
      return await Promise.race([watch, health]);
    } finally {
      end.abort();
      this.#settle?.reject(new Error("gobgpd has gone away"));
    }
  }

  endOfRib(neighbor: string): void {
    this.#endOfRib.add(neighbor);
  }

  #watch(signal: AbortSignal): Promise<never> {
    const { api, rib } = this.#options;
    const onPath = (path: SpeakerPath): void => rib.take(path);
    const onPaths = (count: number): void => this.#dump.came(count);
    const onPeerChange = (): void => {
      // A failure of it the health check meets as well.
      this.#peers(signal).catch(() => {});
    };
    return api.watch({ batchSize: WATCH_BATCH, onPath, onPaths, onPeerChange }, signal);
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { rib, listener, now, first } = this.#options;
    const deadline = now() + (first ? PATIENCE_AT_START_MS : PATIENCE_LATER_MS);
    await this.#dumped(signal);
    rib.begun();
    this.#settle?.resolve();

    const waitedFor = await this.#peersReady(deadline, signal);
    const swept = rib.sweep();
    listener.news({ kind: "told", source: "rib" });
    listener.tell({
      kind: "rib-told",
      macIpRoutes: rib.count("mac-ip-route"),
      imetRoutes: rib.count("imet-route"),
      swept,
      waitedFor,
    });
  }

  async #dumped(signal: AbortSignal): Promise<void> {
    for (let messages = -1; !this.#dump.isOver && this.#dump.messages > messages; ) {
      messages = this.#dump.messages;
      await Promise.race([this.#dump.over, sleep(STALL_MS, undefined, { signal })]);
    }
    if (this.#dump.messages === 0) throw new Error("the watch of gobgpd's table is silent");
  }

  /**
   * One peer is enough to begin with, since those of a leaf tell the same. Before old routes are
   * given up, all peers are waited for, and until nothing old comes back any more.
   */
  async #peersReady(deadline: number, signal: AbortSignal): Promise<RibWait> {
    const { now, rib } = this.#options;
    let unconfirmed = rib.unconfirmed;
    let quietSince = now();
    for (;;) {
      const peers = (await this.#peers(signal)).filter(({ adminDown }) => !adminDown);
      if (rib.unconfirmed < unconfirmed) quietSince = now();
      unconfirmed = rib.unconfirmed;
      const isQuiet = unconfirmed === 0 || now() - quietSince >= QUIET_MS;
      const ready = this.#ready(peers);
      if (ready !== undefined && isQuiet) return ready;
      if (now() >= deadline) return "time";
      await sleep(SETTLE_POLL_MS, undefined, { signal });
    }
  }

  #ready(peers: readonly PeerSeen[]): RibWait | undefined {
    if (peers.length === 0) return "no-peers";
    const seconds = this.#options.now() / 1000;
    const up = peers.filter(({ state }) => state === "established");
    const ended = up.filter(({ address }) => this.#endOfRib.has(address));
    const told = up.filter(
      (peer) => ended.includes(peer) || seconds - peer.upSince >= UP_FOR_SECONDS,
    );
    const needed = this.#options.first ? 1 : peers.length;
    if (told.length < needed) return undefined;
    return ended.length > 0 ? "end-of-rib" : "peer-established";
  }

  /**
   * One reading at a time. Whoever asks during one gets the answer of the next: that under way may
   * have been answered before the change that they ask for.
   */
  #peers(signal: AbortSignal): Promise<readonly PeerSeen[]> {
    if (this.#readingPeers === undefined) {
      this.#readingPeers = this.#readPeers(signal).finally(() => {
        this.#readingPeers = undefined;
      });
      return this.#readingPeers;
    }
    this.#nextPeers ??= this.#readingPeers
      .catch(() => {})
      .then(() => {
        this.#nextPeers = undefined;
        return this.#peers(signal);
      });
    return this.#nextPeers;
  }

  async #readPeers(signal: AbortSignal): Promise<readonly PeerSeen[]> {
    const peers = await this.#options.api.peers(signal);
    this.#options.onPeers(peers);
    return peers;
  }

  async #health(signal: AbortSignal): Promise<never> {
    const { api, identity } = this.#options;
    for (;;) {
      await sleep(HEALTH_MS, undefined, { signal });
      const { asn, routerId } = await api.identity(signal);
      if (asn === 0) throw new Error("BGP has been stopped on gobgpd");
      if (asn !== identity.asn || routerId !== identity.routerId) {
        throw new Error(`gobgpd is another speaker now: AS ${asn}, router id ${routerId}`);
      }
      await this.#peers(signal);
      await this.#learnVersion(signal);
    }
  }

  /** Later than the connect, for it takes some routes to tell. */
  async #learnVersion(signal: AbortSignal): Promise<void> {
    const { api, rib, listener } = this.#options;
    if (this.#versionKnown || rib.standing < PATHS_FOR_PROBE) return;
    // Up to one more than asked come in a message.
    const kept = this.#dump.largest > WATCH_BATCH + 1 ? false : await keepsBatchSize(api, signal);
    if (kept === undefined) return;
    this.#versionKnown = true;
    if (!kept) listener.tell(OLD_V3);
  }
}
