/**
 * gobgpd beside us: keeps the connection, tells what the other leaves claim, and gives the drivers
 * of our own routes.
 *
 * gobgpd may be away, be restarted, or come back as another version: the connection is made anew,
 * the generation of the API is found out anew, the RIB is read anew. BGP itself is never started or
 * stopped from here: started twice, gobgpd forgets all it knows.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ImetRoute, ImetRouteKey } from "../evpn/imet-route.ts";
import { parseIp } from "../evpn/ip.ts";
import type { MacIpRoute, MacIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { Speaker } from "../evpn/mac-vrf.ts";
import type { Listener } from "../mobility/observation.ts";
import type { Driver } from "../reconcile/driver.ts";
import {
  type ApiGeneration,
  type PeerSeen,
  reasonOf,
  type SessionState,
  type SpeakerApi,
} from "./api.ts";
import { CommonParts } from "./common-parts.ts";
import { openApi, refuseSpeaker } from "./detect.ts";
import { openEndpoint, type TlsFiles } from "./endpoint.ts";
import type { GobgpNotice } from "./notice.ts";
import { type RouteId, type RouteSeen, readRouteId } from "./read-route.ts";
import { Rib } from "./rib.ts";
import {
  imetRouteDriver,
  macIpRouteDriver,
  type RouteChange,
  SEQ_TOO_LOW,
  type Speaking,
} from "./route-driver.ts";
import { Session } from "./session.ts";
import { isLocal, type SpeakerPath } from "./speaker-path.ts";

export interface GobgpOptions {
  /** `host:port` or `unix:/path`. */
  readonly address: string;
  readonly tls: TlsFiles | undefined;
  /** Whether a route made on this speaker is ours; others have access to its API too. */
  readonly ours: (route: Pick<MacIpRoute, "rd" | "nexthop">) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface GobgpStatus {
  readonly address: string;
  readonly api: ApiGeneration | undefined;
  readonly connected: boolean;
  readonly asn: number | undefined;
  readonly routerId: string | undefined;
  readonly peers: readonly {
    readonly address: string;
    readonly asn: number;
    readonly state: SessionState;
  }[];
}

export interface Gobgp extends AsyncDisposable {
  /** Keeps the connection until it is aborted, and then resolves. */
  run(signal: AbortSignal): Promise<void>;
  readonly drivers: {
    readonly "mac-ip-route": Driver<MacIpRouteKey, MacIpRoute>;
    readonly "imet-route": Driver<ImetRouteKey, ImetRoute>;
  };
  status(): GobgpStatus;
  /** Since when gobgpd has this route, milliseconds since the epoch; `undefined`: it is not known. */
  since(key: MacIpRouteKey | ImetRouteKey): number | undefined;
  /**
   * All paths that gobgpd has for the routes that are wanted, by their keys: not only the best. Rejects
   * where gobgpd can not be asked.
   */
  paths(
    isWanted: (id: RouteId) => boolean,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PathSeen[]>>;
}

/** One path of a route. */
export interface PathSeen {
  /** `undefined`: it was made on this speaker. */
  readonly neighbor: string | undefined;
  readonly best: boolean;
  /** Seconds since the epoch. */
  readonly since: number | undefined;
  /** Attributes as they were on the wire; empty where gobgpd does not tell them so. */
  readonly raw: readonly Uint8Array[];
}

/** Paths that are kept for one answer: nobody reads more, and each is half a kilobyte. */
export const PATHS_MAX = 10_000;

export function openGobgp(options: GobgpOptions, listener: Listener<GobgpNotice>): Gobgp {
  return new GobgpSpeaker(options, listener);
}

const BACKOFF_MS = { first: 50, most: 2000 } as const;

interface Connection {
  readonly api: SpeakerApi;
  readonly identity: Speaker;
}

class GobgpSpeaker implements Gobgp {
  readonly drivers: Gobgp["drivers"];
  readonly #options: GobgpOptions;
  readonly #listener: Listener<GobgpNotice>;
  readonly #rib: Rib;
  readonly #disposed = new AbortController();
  #running: Promise<void> | undefined;
  #connection: Connection | undefined;
  #session: Session | undefined;
  #peers: readonly PeerSeen[] = [];
  #connectedBefore = false;
  #lastReason: string | undefined;

  constructor(options: GobgpOptions, listener: Listener<GobgpNotice>) {
    this.#options = options;
    this.#listener = listener;
    this.#rib = new Rib({
      listener,
      onLocal: (id, seen) => this.#onLocal(id, seen),
      onEndOfRib: (neighbor) => this.#session?.endOfRib(neighbor),
    });
    const speaking: Speaking = {
      api: () => this.#connection?.api,
      made: () => this.#made(),
      ours: options.ours,
      now: options.now,
      onRefused: (change, reason) => this.#onRefused(change, reason),
    };
    this.drivers = {
      "mac-ip-route": macIpRouteDriver(speaking),
      "imet-route": imetRouteDriver(speaking),
    };
  }

  run(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#keepConnected(AbortSignal.any([signal, this.#disposed.signal]));
    return this.#running;
  }

  status(): GobgpStatus {
    const identity = this.#connection?.identity;
    return {
      address: this.#options.address,
      api: this.#connection?.api.generation,
      connected: this.#connection !== undefined,
      asn: identity?.asn,
      routerId: identity?.routerId,
      peers: this.#peers.map(({ address, asn, state }) => ({ address, asn, state })),
    };
  }

  since(key: MacIpRouteKey | ImetRouteKey): number | undefined {
    const seconds = this.#rib.since(key);
    return seconds === undefined ? undefined : seconds * 1000;
  }

  async paths(
    isWanted: (id: RouteId) => boolean,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly PathSeen[]>> {
    const paths = new Map<string, PathSeen[]>();
    const common = new CommonParts();
    let kept = 0;
    const look = (path: SpeakerPath): void => {
      const id = path.nlri === undefined ? undefined : readRouteId(path.nlri, common);
      if (id?.ok !== true || kept >= PATHS_MAX || !isWanted(id.value)) return;
      kept++;
      const { best, since, raw = [] } = path;
      const neighbor = isLocal(path) ? undefined : path.neighbor;
      const known = paths.get(id.value.key);
      const seen = { neighbor, best, since, raw };
      if (known === undefined) paths.set(id.value.key, [seen]);
      else known.push(seen);
    };
    const { api } = this.#connection ?? {};
    if (api === undefined) throw new Error("GoBGP can not be reached");
    await api.each(look, signal);
    return paths;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    await this.#running;
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    let pause: number = BACKOFF_MS.first;
    while (!signal.aborted) {
      const lasted = await this.#connectOnce(signal);
      if (lasted) pause = BACKOFF_MS.first;
      await sleep(pause, undefined, { signal }).catch(() => {});
      pause = Math.min(pause * 2, BACKOFF_MS.most);
    }
  }

  /** Answers, when the connection is over, whether there was one. */
  async #connectOnce(signal: AbortSignal): Promise<boolean> {
    const { address, tls, now } = this.#options;
    let api: SpeakerApi | undefined;
    try {
      api = await openApi(openEndpoint(address, tls), { now, signal });
      const identity = await this.#identify(api, signal);
      await this.#refuse(api, signal);
      this.#connection = { api, identity };
      await this.#converse(this.#connection, signal);
    } catch (error) {
      if (!signal.aborted) this.#tellReason(reasonOf(error));
    }
    api?.close();
    const lasted = this.#connection !== undefined;
    this.#connection = undefined;
    this.#session = undefined;
    this.#peers = [];
    if (lasted) this.#listener.news({ kind: "speaker-down" });
    return lasted;
  }

  async #identify(api: SpeakerApi, signal: AbortSignal): Promise<Speaker> {
    const { asn, routerId } = await api.identity(signal);
    if (asn === 0) throw new Error("BGP is not started on gobgpd");
    const parsed = parseIp(routerId);
    if (!parsed.ok) throw new Error(`Cannot use gobgpd: its router id ${parsed.error}`);
    return { asn, routerId: parsed.value };
  }

  async #refuse(api: SpeakerApi, signal: AbortSignal): Promise<void> {
    const refusal = await refuseSpeaker(api, signal);
    if (refusal === undefined) return;
    const reason = `Cannot use gobgpd ${refusal.versions}: ${refusal.reason}`;
    if (this.#lastReason !== reason) this.#listener.tell(refusal);
    throw new Error(reason);
  }

  async #converse({ api, identity }: Connection, signal: AbortSignal): Promise<never> {
    const { address, now } = this.#options;
    this.#lastReason = undefined;
    const { asn, routerId } = identity;
    this.#listener.tell({ kind: "gobgp-connected", address, api: api.generation, asn, routerId });
    this.#listener.news({ kind: "speaker-up", speaker: identity });
    // Of our routes some or all may be gone.
    this.#listener.resync("mac-ip-route", "gobgpd connected");
    this.#listener.resync("imet-route", "gobgpd connected");
    this.#session = new Session({
      api,
      identity,
      rib: this.#rib,
      listener: this.#listener,
      now,
      first: !this.#connectedBefore,
      onPeers: (peers) => {
        this.#peers = peers;
      },
    });
    this.#connectedBefore = true;
    return await this.#session.run(signal);
  }

  #tellReason(reason: string): void {
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    this.#listener.tell({ kind: "gobgp-disconnected", address: this.#options.address, reason });
  }

  async #made(): Promise<Iterable<RouteSeen>> {
    if (this.#session === undefined) throw new Error("Cannot list routes: no gobgpd");
    await this.#session.begun;
    return this.#rib.made();
  }

  #onLocal(id: RouteId, seen: RouteSeen | undefined): void {
    if (seen === undefined) {
      this.#listener.echo({ ...id, row: undefined });
      return;
    }
    if (!this.#options.ours(seen.row)) return;
    this.#listener.echo(seen);
  }

  #onRefused(change: RouteChange, reason: string): void {
    this.#listener.tell({ kind: "route-refused", route: change.key, reason });
    if (change.table !== "mac-ip-route" || change.kind !== "put") return;
    if (!reason.includes(SEQ_TOO_LOW)) return;
    const { vni, mac, mobility } = change.row;
    this.#listener.news({ kind: "seq-refused", vni, mac, seq: mobility?.seq ?? 0 });
  }
}
