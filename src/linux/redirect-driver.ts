/**
 * Frames in flight (draft-ietf-nvo3-vmm §5): for some time after a MAC has gone to another VTEP, what
 * still comes here for it out of the tunnels is sent on. What the rules are stands in
 * `redirect-rules.ts`; here, a row is an element of their set.
 *
 * An element ends by itself a little after it should have been removed, so that nothing is redirected
 * for long if we are killed.
 */
import { type RedirectKey, type RedirectRow, redirectKey } from "../evpn/rows.ts";
import type { Listener } from "../mobility/observation.ts";
import type { Change, Driver, Failure } from "../reconcile/driver.ts";
import { type NftElement, Transaction } from "../wire/nftables.ts";
import { tunnel } from "./forwarding.ts";
import type { LinkTable } from "./link-table.ts";
import { Errno, LinuxError } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { WriteFailure } from "./netlink-conversation.ts";
import type { LinuxNotice } from "./notice.ts";
import { FRAMES, MOVED, movedKey } from "./redirect-rules.ts";
import { RedirectTable, type Standing, sentenceOf } from "./redirect-table.ts";
import { missingDevice } from "./row-writer.ts";
import type { Place } from "./segments.ts";

const TABLE = "redirect";
/** How much longer than it should an element lives that nobody removes. */
const GRACE_MS = 2000;
/** Changes per transaction, which has to fit the socket's buffer: a rack may be evacuated at once. */
const BATCH = 256;
/** What is read of an element's end is not exact. */
const NEARLY_MS = 500;
/** The kernel does not tell what it has redirected: while it does, it is asked. */
const COUNT_MS = 1000;

export interface RedirectOptions {
  /** `keep`: what is being redirected goes on when we leave, for we come back. */
  readonly redirect: "on" | "keep" | "off";
  readonly now: () => number;
}

export interface RedirectParts {
  readonly netlink: NetlinkClient;
  readonly links: LinkTable;
  readonly listener: Listener<LinuxNotice>;
}

export class RedirectDriver implements Driver<RedirectKey, RedirectRow> {
  readonly #parts: RedirectParts;
  readonly #options: RedirectOptions;
  /** What stands, and how many frames of each have been told. */
  readonly #told = new Map<RedirectKey, number>();
  readonly #table: RedirectTable;
  #isOn = false;
  #timer: NodeJS.Timeout | undefined;
  /** What is done to the set is done one after the other, or frames would be counted twice. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: RedirectParts, options: RedirectOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#table = new RedirectTable({
      ...parts,
      disturbed: () => parts.listener.resync(TABLE, "nf_tables was changed"),
    });
  }

  /** Puts the rules, and tells of what a former life of ours is redirecting. */
  async start(): Promise<void> {
    const { listener } = this.#parts;
    if (this.#options.redirect === "off") {
      await this.#table.remove();
      return;
    }
    const reason = await this.#table.start();
    if (reason !== undefined) {
      listener.tell({ kind: "cannot-redirect", reason });
      listener.news({ kind: "cannot-redirect" });
      return;
    }
    this.#isOn = true;
    for (const row of (await this.#rows()).values()) {
      listener.news({ kind: "redirecting", ...row });
    }
  }

  /** A place is told anew: its device may be called otherwise. */
  follow(place: Place): void {
    if (!this.#isOn || place.isShared || this.#table.isAttached(place)) return;
    this.#parts.listener.resync(TABLE, "VXLAN device renamed");
  }

  list(signal: AbortSignal): Promise<Map<RedirectKey, RedirectRow>> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      if (!this.#isOn) return new Map();
      await this.#table.complete();
      const rows = await this.#rows();
      signal.throwIfAborted();
      for (const key of this.#told.keys()) if (!rows.has(key)) this.#told.delete(key);
      for (const key of rows.keys()) if (!this.#told.has(key)) this.#told.set(key, 0);
      this.#countLater();
      return rows;
    });
  }

  write(
    changes: readonly Change<RedirectKey, RedirectRow>[],
    signal: AbortSignal,
  ): Promise<readonly Failure<RedirectKey>[]> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      if (!this.#isOn) return [];
      // What is put anew or removed counts no more.
      await this.#countLast(changes.filter(({ key }) => this.#told.has(key)));
      const failures: Failure<RedirectKey>[] = [];
      const possible = changes.filter(({ kind, key, row }) => {
        const place = this.#parts.links.places.get(row.vni);
        // What comes by a device for many VNIs does not say which of them it is of.
        if (place !== undefined) return !place.isShared;
        if (kind === "put") failures.push(missingDevice(TABLE, key, row.vni));
        return false;
      });
      failures.push(...(await this.#writeAll(possible)));
      const failed = new Set(failures.map(({ key }) => key));
      for (const { kind, key } of changes) {
        if (kind === "remove") this.#told.delete(key);
        else if (!failed.has(key)) this.#told.set(key, 0);
      }
      this.#countLater();
      return failures;
    });
  }

  agree(wanted: RedirectRow, actual: RedirectRow): boolean {
    return Math.abs(wanted.until - actual.until) < NEARLY_MS;
  }

  /** Leaves nothing behind, unless we come back. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    this.#table[Symbol.dispose]();
    if (!this.#isOn || this.#options.redirect === "keep") return;
    this.#isOn = false;
    await this.#inTurn(() => this.#table.remove());
  }

  async #rows(): Promise<Map<RedirectKey, RedirectRow>> {
    const rows = new Map<RedirectKey, RedirectRow>();
    const at = this.#options.now();
    for (const { device, mac, leftMs } of await this.#table.elements()) {
      // Of a device that is gone, it ends by itself.
      const vni = this.#parts.links.byTunnel(tunnel(device, undefined))?.segment.vni;
      if (vni === undefined || leftMs === undefined) continue;
      const row: RedirectRow = { vni, mac, until: at + leftMs - GRACE_MS };
      rows.set(redirectKey(row), row);
    }
    return rows;
  }

  async #writeAll(
    changes: readonly Change<RedirectKey, RedirectRow>[],
  ): Promise<readonly Failure<RedirectKey>[]> {
    const failures: Failure<RedirectKey>[] = [];
    for (let first = 0; first < changes.length; first += BATCH) {
      failures.push(...(await this.#writeSome(changes.slice(first, first + BATCH))));
    }
    return failures;
  }

  /** All at once; if that fails, the rules are put right; if it still does, one by one. */
  async #writeSome(
    changes: readonly Change<RedirectKey, RedirectRow>[],
  ): Promise<readonly Failure<RedirectKey>[]> {
    if ((await this.#commit(changes)) === undefined) return [];
    this.#table.doubt();
    await this.#table.complete();
    if ((await this.#commit(changes)) === undefined) return [];
    const failures: Failure<RedirectKey>[] = [];
    for (const change of changes) {
      const { kind, key } = change;
      const failure = await this.#commit([change]);
      if (failure === undefined) continue;
      const reason = sentenceOf(`Cannot ${kind} ${TABLE} row ${key}`, failure);
      failures.push({ key, reason, kind: "later" });
    }
    return failures;
  }

  #commit(changes: readonly Change<RedirectKey, RedirectRow>[]): Promise<WriteFailure | undefined> {
    const at = this.#options.now();
    const old: NftElement[] = [];
    const put: NftElement[] = [];
    for (const { kind, key, row } of changes) {
      const element = this.#keyOf(row);
      if (element === undefined) continue;
      const timeoutMs = Math.max(1, Math.round(row.until - at + GRACE_MS));
      if (kind === "put") put.push({ key: element, timeoutMs });
      if (kind === "remove" || this.#told.has(key)) old.push({ key: element, timeoutMs });
    }
    const transaction = new Transaction();
    // One that stands can not be put again with another end, nor one be deleted that does not.
    if (old.length > 0) {
      transaction.putElements(FRAMES, MOVED, old).deleteElements(FRAMES, MOVED, old);
    }
    if (put.length > 0) transaction.putElements(FRAMES, MOVED, put);
    return this.#table.commit(transaction);
  }

  #countLater(): void {
    if (this.#told.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#inTurn(async () => {
        await this.#count();
        this.#countLater();
      });
    }, COUNT_MS).unref();
  }

  #keyOf({ vni, mac }: Pick<RedirectRow, "vni" | "mac">): Uint8Array | undefined {
    const place = this.#parts.links.places.get(vni);
    return place && movedKey(place.vxlanIndex, mac);
  }

  /** Counts what is about to go. */
  async #countLast(changes: readonly Change<RedirectKey, RedirectRow>[]): Promise<void> {
    const keys = changes.flatMap(({ row }) => this.#keyOf(row) ?? []);
    for (let first = 0; first < keys.length; first += BATCH) {
      const some = keys.slice(first, first + BATCH);
      const elements = await unlessMissing(this.#table.elementsAt(some));
      // One has ended by itself: of which, only all can tell.
      if (elements === undefined) return this.#count();
      this.#counted(elements);
    }
  }

  /** Tells how many more frames have been redirected. */
  async #count(): Promise<void> {
    this.#counted((await unlessMissing(this.#table.elements())) ?? []);
  }

  #counted(elements: readonly Standing[]): void {
    for (const { device, mac, packets } of elements) {
      const vni = this.#parts.links.byTunnel(tunnel(device, undefined))?.segment.vni;
      const key = vni === undefined ? undefined : redirectKey({ vni, mac });
      const told = key === undefined ? undefined : this.#told.get(key);
      if (vni === undefined || key === undefined || told === undefined) continue;
      // Somebody may have put it anew behind our back.
      const frames = packets >= told ? packets - told : packets;
      this.#told.set(key, packets);
      if (frames > 0) this.#parts.listener.tell({ kind: "redirected", vni, mac, frames });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

async function unlessMissing(
  elements: Promise<readonly Standing[]>,
): Promise<readonly Standing[] | undefined> {
  try {
    return await elements;
  } catch (error) {
    if (error instanceof LinuxError && error.errno === Errno.ENOENT) return undefined;
    throw error;
  }
}
