/**
 * What the other leaves say, as gobgpd's watch of the best paths tells it: first what stands (see
 * `dump.ts`), then every change.
 *
 * Nothing is forgotten when the connection is lost: traffic goes on while gobgpd restarts. After a
 * reconnect every route is unconfirmed until it comes by again; `sweep` withdraws those that did not.
 */
import type { ImetRouteKey } from "../evpn/imet-route.ts";
import type { MacIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { Listener } from "../mobility/observation.ts";
import { CommonParts } from "./common-parts.ts";
import type { GobgpNotice, PathMalformed } from "./notice.ts";
import { type RouteId, type RouteSeen, readRoute, readRouteId } from "./read-route.ts";
import { isLocal, type Nlri, type SpeakerPath } from "./speaker-path.ts";

/** What is known of a route that was told. */
interface Told {
  readonly table: RouteId["table"];
  /** Seconds since the epoch. */
  readonly since: number | undefined;
}

/** A route made on this speaker. */
interface Made {
  readonly seen: RouteSeen;
  /** Seconds since the epoch. */
  readonly since: number | undefined;
}

export interface RibHands {
  readonly listener: Pick<Listener<GobgpNotice>, "news" | "tell">;
  /** A route made on this speaker, or its absence. */
  readonly onLocal: (id: RouteId, seen: RouteSeen | undefined) => void;
  /** This neighbor has sent all it had when its session came up (RFC 4724 §2). */
  readonly onEndOfRib: (neighbor: string) => void;
}

export class Rib {
  readonly #hands: RibHands;
  /** The routes of others that have been told, and since when gobgpd has them. */
  readonly #claimed = new Map<string, Told>();
  readonly #counts = { "mac-ip-route": 0, "imet-route": 0 };
  #lastTold: Told = { table: "mac-ip-route", since: undefined };
  readonly #common = new CommonParts();
  /** Those of them that have not come by since the last connect. */
  #unconfirmed = new Set<string>();
  /** The routes made on this speaker that stand. */
  readonly #local = new Map<string, Made>();
  #remember = true;

  constructor(hands: RibHands) {
    this.#hands = hands;
  }

  /** A watch begins, on a connection of its own. */
  begin(): void {
    this.#unconfirmed = new Set(this.#claimed.keys());
    this.#local.clear();
  }

  /** All that stood at the beginning has come by. */
  begun(): void {
    this.#remember = false;
  }

  /** How many routes have not come by since the last connect. */
  get unconfirmed(): number {
    return this.#unconfirmed.size;
  }

  /** Withdraws what has not come by again, and says how much that was. */
  sweep(): number {
    const gone = [...this.#unconfirmed];
    for (const key of gone) this.#unclaim(key);
    this.#unconfirmed.clear();
    return gone.length;
  }

  /** Since when gobgpd has this route, seconds since the epoch; `undefined`: it is not known. */
  since(key: string): number | undefined {
    return this.#claimed.get(key)?.since ?? this.#local.get(key)?.since;
  }

  /** How many routes are known to stand, of others and of our own. */
  get standing(): number {
    return this.#claimed.size + this.#local.size;
  }

  /** The routes made on this speaker. */
  *made(): Iterable<RouteSeen> {
    for (const { seen } of this.#local.values()) yield seen;
  }

  count(table: RouteId["table"]): number {
    return this.#counts[table];
  }

  /** A path of the watch. */
  take(path: SpeakerPath): void {
    if (!path.evpn) return;
    if (path.nlri === undefined) {
      this.#hands.onEndOfRib(path.neighbor);
      return;
    }
    if (path.withdraw) this.#gone(path, path.nlri);
    else this.#stands(path, path.nlri);
  }

  #gone(path: SpeakerPath, nlri: Nlri): void {
    const id = this.#readId(path, nlri);
    if (id !== undefined) this.#withdrawn(id);
  }

  #stands(path: SpeakerPath, nlri: Nlri): void {
    const seen = readRoute(path, this.#common);
    if (seen.ok) {
      if (isLocal(path)) this.#standsHere(seen.value, path);
      else this.#standsThere(seen.value, path);
      return;
    }
    const id = this.#readId(path, nlri);
    if (id === undefined) return;
    // It has taken the place of what could be read (RFC 7606 §2: treat-as-withdraw).
    this.#malformed(seen.error, path, id.key);
    this.#withdrawn(id);
  }

  /** No path of this route is best any more. Such words may come for routes never heard of. */
  #withdrawn(id: RouteId): void {
    this.#unclaim(id.key);
    this.#forgetLocal(id);
  }

  #standsHere(seen: RouteSeen, { since }: SpeakerPath): void {
    // A route of ours hides one of the same name from elsewhere.
    this.#unclaim(seen.key);
    this.#local.set(seen.key, { seen, since });
    if (this.#remember && seen.table === "mac-ip-route") {
      this.#hands.listener.news({ kind: "remembered", route: seen.row });
    }
    this.#hands.onLocal(seen, seen);
  }

  #standsThere(seen: RouteSeen, { since }: SpeakerPath): void {
    this.#forgetLocal(seen);
    const { size } = this.#claimed;
    this.#claimed.set(seen.key, this.#told(seen.table, since));
    if (this.#claimed.size > size) this.#counts[seen.table]++;
    if (this.#unconfirmed.size > 0) this.#unconfirmed.delete(seen.key);
    this.#hands.listener.news(
      seen.table === "mac-ip-route"
        ? { kind: "claimed", route: seen.row }
        : { kind: "flood-claimed", route: seen.row },
    );
  }

  #readId(path: SpeakerPath, nlri: Nlri): RouteId | undefined {
    const id = readRouteId(nlri, this.#common);
    if (id.ok) return id.value;
    this.#malformed(id.error, path, nlriText(nlri));
    return undefined;
  }

  #malformed(reason: PathMalformed, { neighbor }: SpeakerPath, route: string): void {
    this.#hands.listener.tell({ kind: "path-malformed", reason, neighbor, route });
  }

  /** Routes come by the thousand in one second: most share theirs with that before. */
  #told(table: RouteId["table"], since: number | undefined): Told {
    const last = this.#lastTold;
    if (last.table !== table || last.since !== since) this.#lastTold = { table, since };
    return this.#lastTold;
  }

  #unclaim(key: string): void {
    const table = this.#claimed.get(key)?.table;
    if (table === undefined) return;
    this.#claimed.delete(key);
    this.#counts[table]--;
    this.#unconfirmed.delete(key);
    this.#hands.listener.news(
      table === "mac-ip-route"
        ? { kind: "unclaimed", key: key as MacIpRouteKey }
        : { kind: "flood-unclaimed", key: key as ImetRouteKey },
    );
  }

  #forgetLocal(id: RouteId): void {
    if (this.#local.size > 0 && this.#local.delete(id.key)) this.#hands.onLocal(id, undefined);
  }
}

/** For people: as much as there is of what could not be read. */
function nlriText(nlri: Nlri): string {
  switch (nlri.kind) {
    case "mac-ip":
      return `${nlri.rd?.admin}:${nlri.rd?.number}|${nlri.ethernetTag}|${nlri.mac}|${nlri.ip}`;
    case "imet":
      return `${nlri.rd?.admin}:${nlri.rd?.number}|${nlri.ethernetTag}|${nlri.ip}`;
    case "other":
      return "";
  }
}
