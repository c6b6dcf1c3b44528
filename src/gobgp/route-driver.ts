/**
 * The drivers of the two tables of BGP routes: what `reconcile/` reads and writes through.
 *
 * Announcements and withdraws go out in one stream call per batch, also a single one: it is as fast
 * as AddPath, is one message of which all is taken or nothing, and leaves no UUID behind in gobgpd.
 */
import { status } from "@grpc/grpc-js";
import type { ImetRoute } from "../evpn/imet-route.ts";
import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import type { Result } from "../evpn/result.ts";
import type { RouteTarget } from "../evpn/route-target.ts";
import type { Tables } from "../evpn/rows.ts";
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import { type ApiGeneration, reasonOf, type SpeakerApi, statusOf } from "./api.ts";
import { BatchSize } from "./batch-size.ts";
import type { RouteSeen, RouteTable } from "./read-route.ts";
import type { SpeakerPath } from "./speaker-path.ts";
import {
  imetRoutePath,
  imetRouteWithdraw,
  macIpRoutePath,
  macIpRouteWithdraw,
} from "./write-route.ts";

/** What the drivers need of the speaker. */
export interface Speaking {
  /** `undefined` while gobgpd is not connected. */
  readonly api: () => SpeakerApi | undefined;
  /** All routes made on the speaker, as soon as they are known; rejects where gobgpd is not connected. */
  readonly made: () => Promise<Iterable<RouteSeen>>;
  readonly ours: (route: MacIpRoute | ImetRoute) => boolean;
  readonly now: () => number;
  readonly onRefused: (change: RouteChange, reason: string) => void;
}

export type RouteChange = {
  readonly [T in RouteTable]: { readonly table: T } & Change<Tables[T]["key"], Tables[T]["row"]>;
}[RouteTable];

export const SEQ_TOO_LOW = "invalid MAC mobility sequence number";

export function macIpRouteDriver(speaking: Speaking): Driver<Key<"mac-ip-route">, MacIpRoute> {
  return new RouteDriver<Key<"mac-ip-route">, MacIpRoute>(speaking, {
    announce: (route) => macIpRoutePath(numbered(route)),
    withdraw: macIpRouteWithdraw,
    agree: macIpRoutesAgree,
    pick: (seen) => (seen.table === "mac-ip-route" ? seen : undefined),
    named: (change) => ({ table: "mac-ip-route", ...change }),
  });
}

/**
 * A route without the MAC Mobility community gets one from gobgpd, one above the highest of the other
 * leaves': it would outbid a leaf that has just taken the host over from us, and be withdrawn then.
 * With the number 0, which says the same to everybody else, gobgpd refuses it instead.
 */
function numbered(route: MacIpRoute): MacIpRoute {
  return { ...route, mobility: route.mobility ?? { seq: 0, sticky: false } };
}

export function imetRouteDriver(speaking: Speaking): Driver<Key<"imet-route">, ImetRoute> {
  return new RouteDriver<Key<"imet-route">, ImetRoute>(speaking, {
    announce: imetRoutePath,
    withdraw: imetRouteWithdraw,
    agree: imetRoutesAgree,
    pick: (seen) => (seen.table === "imet-route" ? seen : undefined),
    named: (change) => ({ table: "imet-route", ...change }),
  });
}

type Key<T extends RouteTable> = Tables[T]["key"];

/** What the two tables do differently. */
interface Kind<K extends string, R> {
  readonly announce: (row: R) => Result<SpeakerPath>;
  readonly withdraw: (row: R) => SpeakerPath;
  readonly agree: (wanted: R, actual: R) => boolean;
  readonly pick: (seen: RouteSeen) => { readonly key: K; readonly row: R } | undefined;
  readonly named: (change: Change<K, R>) => RouteChange;
}

interface Ready<K extends string, R> {
  readonly change: Change<K, R>;
  readonly path: SpeakerPath;
}

class RouteDriver<K extends string, R extends MacIpRoute | ImetRoute> implements Driver<K, R> {
  readonly #speaking: Speaking;
  readonly #kind: Kind<K, R>;
  readonly #batch = new BatchSize();

  constructor(speaking: Speaking, kind: Kind<K, R>) {
    this.#speaking = speaking;
    this.#kind = kind;
  }

  /** As the watch has told by now, which hears of all that is made on the speaker. */
  async list(signal: AbortSignal): Promise<Map<K, R>> {
    const made = await this.#speaking.made();
    signal.throwIfAborted();
    const rows = new Map<K, R>();
    for (const seen of made) {
      const picked = this.#kind.pick(seen);
      if (picked !== undefined && this.#speaking.ours(picked.row)) rows.set(picked.key, picked.row);
    }
    return rows;
  }

  async write(
    changes: readonly Change<K, R>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<K>[]> {
    const failures: Failure<K>[] = [];
    const ready: Ready<K, R>[] = [];
    for (const change of changes) {
      const path = this.#path(change);
      if (path.ok) ready.push({ change, path: path.value });
      else failures.push(this.#refused(change, "unfit", path.error));
    }
    for (let from = 0; from < ready.length; ) {
      const batch = ready.slice(from, from + this.#batch.of(this.#generation()));
      from += batch.length;
      failures.push(...(await this.#send(batch, signal)));
    }
    return failures;
  }

  agree(wanted: R, actual: R): boolean {
    return this.#kind.agree(wanted, actual);
  }

  #path(change: Change<K, R>): Result<SpeakerPath> {
    return change.kind === "put"
      ? this.#kind.announce(change.row)
      : { ok: true, value: this.#kind.withdraw(change.row) };
  }

  /** Of gobgpd as it answered last; without one nothing can be sent anyway. */
  #generation(): ApiGeneration {
    return this.#speaking.api()?.generation ?? "v3";
  }

  /** gobgpd takes all of a batch or nothing and does not say which one is wrong: so it is halved. */
  async #send(batch: readonly Ready<K, R>[], signal: AbortSignal): Promise<Failure<K>[]> {
    const { api, now } = this.#speaking;
    const speaker = api();
    if (speaker === undefined) return batch.map(({ change }) => later(change, "no gobgpd"));
    const start = now();
    try {
      await speaker.write(
        batch.map(({ path }) => path),
        signal,
      );
      if (batch.length >= this.#batch.of(speaker.generation)) this.#batch.took(now() - start);
      return [];
    } catch (error) {
      const reason = reasonOf(error);
      if (!isRefusal(error)) return batch.map(({ change }) => later(change, reason));
      const [first] = batch;
      if (first !== undefined && batch.length === 1) {
        return [this.#refused(first.change, "later", reason)];
      }
      const middle = Math.ceil(batch.length / 2);
      const failures = await this.#send(batch.slice(0, middle), signal);
      return [...failures, ...(await this.#send(batch.slice(middle), signal))];
    }
  }

  #refused(change: Change<K, R>, kind: Failure<K>["kind"], reason: string): Failure<K> {
    this.#speaking.onRefused(this.#kind.named(change), reason);
    return { key: change.key, kind, reason: sentence(change, reason) };
  }
}

function later<K extends string>(change: Change<K, unknown>, reason: string): Failure<K> {
  return { key: change.key, kind: "later", reason: sentence(change, reason) };
}

function sentence({ kind, key }: Change<string, unknown>, reason: string): string {
  return `Cannot ${kind === "put" ? "announce" : "withdraw"} ${key}: ${reason}`;
}

/** gobgpd's word on what it was told, as against a failure to tell it. */
function isRefusal(error: unknown): boolean {
  const code = statusOf(error);
  if (code !== status.UNKNOWN && code !== status.INVALID_ARGUMENT) return false;
  return !reasonOf(error).includes("bgp server hasn't started yet");
}

function macIpRoutesAgree(wanted: MacIpRoute, actual: MacIpRoute): boolean {
  return (
    wanted.vni === actual.vni &&
    wanted.l3vni === actual.l3vni &&
    wanted.nexthop === actual.nexthop &&
    wanted.esi === actual.esi &&
    wanted.defaultGateway === actual.defaultGateway &&
    // gobgpd adds a community with number 0 where there was none, which says the same.
    (wanted.mobility?.seq ?? 0) === (actual.mobility?.seq ?? 0) &&
    (wanted.mobility?.sticky ?? false) === (actual.mobility?.sticky ?? false) &&
    sameTargets(wanted.routeTargets, actual.routeTargets)
  );
}

function imetRoutesAgree(wanted: ImetRoute, actual: ImetRoute): boolean {
  return (
    wanted.vni === actual.vni &&
    wanted.tunnel === actual.tunnel &&
    wanted.nexthop === actual.nexthop &&
    sameTargets(wanted.routeTargets, actual.routeTargets)
  );
}

function sameTargets(a: readonly RouteTarget[], b: readonly RouteTarget[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((target) => b.includes(target));
}
