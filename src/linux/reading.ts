/**
 * Reads all that stands in the kernel: links first, then neighbours and forwarding entries; at the
 * start, when something has been lost, and now and then anyway. One reading at a time; what cannot be
 * read is tried again.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { Listener } from "../mobility/observation.ts";
import type { NetlinkMalformed } from "../wire/netlink.ts";
import type { NeighbourIgnored } from "../wire/netlink-neighbour.ts";
import { KERNEL_TABLES } from "./drivers.ts";
import { dumpLinks, type RowDumps, type RowReader } from "./dumps.ts";
import type { LinkTable } from "./link-table.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { LinuxNotice } from "./notice.ts";
import type { RowSource } from "./row-source.ts";

/** How long until what could not be read is tried again. */
const RETRY_MS = 1000;
/** Reading now and then costs no more than one part in so many of the time. */
const SHARE = 100;

export interface KernelReadingParts {
  readonly netlink: NetlinkClient;
  readonly dumps: RowDumps;
  readonly links: LinkTable;
  readonly rows: RowSource;
  readonly listener: Listener<LinuxNotice>;
  /** Milliseconds, which never go back. */
  readonly now: () => number;
  /** What is different is to be told: of links before the rows, and of what rows say of links. */
  readonly settle: () => void;
}

export class KernelReading {
  readonly #parts: KernelReadingParts;
  readonly #signal: AbortSignal;
  /** Why it must be read again, once the reading under way is done. */
  #cause: string | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: KernelReadingParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** The first reading. Rejects if it fails. `linksKnown` is called before any other row is read. */
  async start(linksKnown: () => void): Promise<void> {
    this.#running = this.#readAll(linksKnown);
    try {
      await this.#running;
    } finally {
      this.#running = undefined;
    }
    if (this.#cause !== undefined) await this.again(this.#cause);
  }

  /** Reads everything again, and has our own rows looked at; resolves when it has been read. */
  again(cause: string): Promise<void> {
    this.#cause = cause;
    // Who has begun with the first reading goes on with this one.
    this.#running ??= this.#readAgain();
    return this.#running;
  }

  /** Looks after everything as long as the signal lasts, every so many milliseconds or less often. */
  async nowAndThen(every: number): Promise<void> {
    let wait = every;
    while (await slept(wait, this.#signal)) {
      const before = this.#parts.now();
      await this.again("periodic look");
      wait = Math.max(every, (this.#parts.now() - before) * SHARE);
    }
  }

  async #readAgain(): Promise<void> {
    while (this.#cause !== undefined && !this.#signal.aborted) {
      const cause = this.#cause;
      this.#cause = undefined;
      try {
        // Our own rows are asked for before the tables are, and so are read with them.
        await this.#readAll(() => {
          for (const table of KERNEL_TABLES) this.#parts.listener.resync(table, cause);
        });
      } catch (error) {
        if (this.#signal.aborted) break;
        const reason = error instanceof Error ? error.message : String(error);
        this.#parts.listener.tell({ kind: "netlink-unreadable", reason });
        this.#cause ??= cause;
        await slept(RETRY_MS, this.#signal);
      }
    }
    this.#running = undefined;
  }

  async #readAll(linksKnown: () => void = () => {}): Promise<void> {
    const { links, rows, netlink, dumps, listener, settle } = this.#parts;
    links.beginReading();
    rows.beginReading();
    const ignored = (reason: NetlinkMalformed | NeighbourIgnored): void =>
      listener.tell({ kind: "netlink-ignored", reason });
    await dumpLinks(netlink, { read: (link) => links.read(link), ignored });
    links.endReading();
    settle();
    linksKnown();
    const reader: RowReader = { read: (neighbour, row) => rows.read(neighbour, row), ignored };
    // At once, so that none has begun for somebody else by the time that we ask for it.
    const families = ["ipv4", "ipv6", "bridge"] as const;
    await Promise.all(families.map((family) => dumps.read(family, reader)));
    rows.endReading();
    settle();
  }
}

/** False if the end was asked for meanwhile. */
async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
