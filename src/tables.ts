/**
 * The six tables outside of us, each with its reconciler, and the two loops that keep them at work:
 * the kernel's rows first, routes beside; what is withdrawn is withdrawn after the kernel has turned.
 */
import type { MacIpRoute, MacIpRouteKey } from "./evpn/mac-ip-route.ts";
import { fdbKey, type RowAt, type TableName, type Tables as TablesOf } from "./evpn/rows.ts";
import { MacRoutes } from "./mac-routes.ts";
import { atOnceUnlessBusy } from "./pace.ts";
import { ApplyLoop, type OnApplied } from "./reconcile/apply-loop.ts";
import type { Driver } from "./reconcile/driver.ts";
import { Reconciler } from "./reconcile/reconciler.ts";
import { timedDriver } from "./report/timed-driver.ts";
import { earlier } from "./sleeper.ts";
import { Withdrawals } from "./withdrawals.ts";

export type Drivers = {
  readonly [T in TableName]: Driver<TablesOf[T]["key"], TablesOf[T]["row"]>;
};

type Reconcilers = {
  readonly [T in TableName]: Reconciler<TablesOf[T]["key"], TablesOf[T]["row"]>;
};

const KERNEL_TABLES = ["fdb", "redirect", "neighbour", "flood"] as const;
/** Those that are read with all that the kernel has of their kind, and at the same time. */
const TABLES_OF_LINKS = ["fdb", "neighbour", "flood"] as const;
const FORWARDING_TABLES = ["fdb", "redirect"] as const;
const ROUTE_TABLES = ["mac-ip-route", "imet-route"] as const;

/** Who is woken again so soon is busy. */
const BUSY_MS = 2;

export interface TablesOptions {
  readonly clock: () => number;
  readonly onApplied: OnApplied;
  /** Told after every pass of a loop: `nextAt` may have changed. */
  readonly onPass?: (() => void) | undefined;
  /** Told how long the other side took over every write. */
  readonly onWrite: (table: TableName, tookMs: number) => void;
  /** Whether who has the MAC of this route of ours now tells of it without an IP as well. */
  readonly isSucceeded: (route: MacIpRoute) => boolean;
  /** Whether others believe who has the MAC of this route of ours now, and not us. */
  readonly isOutranked: (route: MacIpRoute) => boolean;
}

export class Tables {
  readonly of: Reconcilers;
  readonly #kernel: ApplyLoop;
  readonly #routes: ApplyLoop;
  readonly #withdrawals: Withdrawals;
  readonly #macRoutes: MacRoutes;
  readonly #isOutranked: (route: MacIpRoute) => boolean;
  #isOpen = false;
  /** Nobody is told of a host any more. */
  #isLeaving = false;
  /** A route of ours is to be put. */
  #isTelling = false;

  constructor(drivers: Drivers, options: TablesOptions) {
    const timed = <T extends TableName>(table: T): Drivers[T] => {
      const driver: Driver<string, unknown> = drivers[table] as never;
      const took = (ms: number): void => options.onWrite(table, ms);
      return timedDriver(driver, { clock: options.clock, took }) as never;
    };
    this.of = {
      fdb: new Reconciler(timed("fdb")),
      flood: new Reconciler(timed("flood")),
      neighbour: new Reconciler(timed("neighbour")),
      redirect: new Reconciler(timed("redirect")),
      "mac-ip-route": new Reconciler(timed("mac-ip-route")),
      "imet-route": new Reconciler(timed("imet-route")),
    };
    const kernelSoon = atOnceUnlessBusy(BUSY_MS, options.clock);
    this.#kernel = new ApplyLoop({
      // Node sends what gRPC has been given before it comes to this, and not before a callback is over.
      soon: (work) => (this.#isTelling ? void setImmediate(work) : kernelSoon(work)),
      ...options,
    });
    this.#routes = new ApplyLoop({
      soon: atOnceUnlessBusy(BUSY_MS, options.clock),
      // Where frames go has been said then; who answers to its IPs is of no haste.
      beforeRemoves: () => this.#kernel.settled(FORWARDING_TABLES),
      ...options,
    });
    const withdraw = (keys: readonly MacIpRouteKey[]): void => {
      for (const key of keys) this.of["mac-ip-route"].want(key, undefined);
      this.#routes.wake();
    };
    this.#isOutranked = options.isOutranked;
    this.#withdrawals = new Withdrawals(options.clock, withdraw, options.isSucceeded);
    this.#macRoutes = new MacRoutes(options.clock, (routes) => {
      for (const { key, row } of routes) this.of["mac-ip-route"].want(key, row);
      this.#routes.wake();
    });
    // Nothing is sent on to where no forwarding entry points: it would be flooded.
    this.#kernel.add("redirect", this.of.redirect, ["remove"]);
    for (const table of KERNEL_TABLES) this.#kernel.add(table, this.#reconciler(table));
    for (const table of ROUTE_TABLES) this.#routes.add(table, this.#reconciler(table));
  }

  /**
   * Rows of devices may be read from now on: which device is which is known. It takes as long as gobgpd
   * takes to tell its routes, and another thread does it.
   */
  readAhead(signal: AbortSignal): void {
    for (const table of TABLES_OF_LINKS) this.of[table].readAhead(signal);
    this.#kernel.wake();
  }

  /** From now on the outside may be written. Resolves when all that is wanted by now has been tried. */
  async open(): Promise<void> {
    this.#isOpen = true;
    for (const table of Object.values(this.of)) table.open();
    this.wake();
    await Promise.all([this.#kernel.settled(), this.#routes.settled()]);
  }

  /** Of a host, its new place is to be wanted before its routes are not. */
  want({ table, key, row }: RowAt): void {
    if (this.#isLeaving && row !== undefined && isOfRoutes(table)) return;
    if (table === "mac-ip-route") {
      this.#withdrawals.forget(key);
      this.#macRoutes.forget(key);
      if (row === undefined ? this.#withdraw(key) : this.#tell(key, row)) return;
    } else if (table === "fdb" && row === undefined) this.#withdrawals.left(key);
    this.#reconciler(table).want(key, row);
  }

  /** Answers whether the route of ours at this key is withdrawn later. */
  #withdraw(key: MacIpRouteKey): boolean {
    const ours = this.of["mac-ip-route"].desired.get(key);
    if (ours?.ip !== undefined) this.#macRoutes.left(ours);
    if (ours === undefined || !this.of.fdb.desired.has(fdbKey(ours))) return false;
    return this.#isOutranked(ours) && !this.#withdrawals.isDue(key, ours);
  }

  /** Answers whether this route of ours is told later. What stands is found by what is wanted at the start. */
  #tell(key: MacIpRouteKey, row: MacIpRoute): boolean {
    if (row.ip !== undefined) this.#macRoutes.told(row);
    else if (this.#isOpen && !this.#macRoutes.isDue({ key, row })) return true;
    this.#isTelling = true;
    return false;
  }

  saw({ table, key, row }: RowAt): void {
    this.#reconciler(table).saw(key, row);
  }

  resync(table: TableName, cause: string): void {
    // A gobgpd that has forgotten all is not told of hosts that have left.
    if (table === "mac-ip-route") this.#hurry();
    this.of[table].resync(cause);
    this.wake();
  }

  /** What is to be told to others is on its way while the kernel works. */
  wake(): void {
    this.#macRoutes.allTold();
    this.#routes.wake();
    this.#kernel.wake();
    this.#isTelling = false;
  }

  /** Resolves when the kernel has been given all that is wanted now. */
  kernelSettled(): Promise<void> {
    return this.#kernel.settled();
  }

  nextAt(): number | undefined {
    return earlier(this.#kernel.nextAt(), this.#routes.nextAt());
  }

  /** Works until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#stop(), { once: true });
    await Promise.all([this.#kernel.run(signal), this.#routes.run(signal)]);
  }

  /** What was to be told and withdrawn by and by is, all of it. */
  async catchUp(): Promise<void> {
    this.#hurry();
    await this.#routes.settled();
  }

  #hurry(): void {
    this.#macRoutes.hurry();
    this.#withdrawals.hurry();
  }

  #stop(): void {
    this.#macRoutes.stop();
    this.#withdrawals.stop();
  }

  /** Takes all our routes out of the RIB, so that the peers turn away at once. */
  async withdrawAll(): Promise<void> {
    // Hosts are seen all the while.
    this.#isLeaving = true;
    this.#stop();
    for (const table of ROUTE_TABLES) {
      const reconciler = this.#reconciler(table);
      for (const key of [...reconciler.desired.keys()]) reconciler.want(key, undefined);
    }
    await this.#routes.settled();
  }

  /** Rows that do not stand as they should, by where they shall. */
  get pending(): { readonly kernel: number; readonly gobgp: number } {
    return {
      kernel: sum(KERNEL_TABLES.map((table) => pendingOf(this.of[table]))),
      gobgp:
        sum(ROUTE_TABLES.map((table) => pendingOf(this.of[table]))) +
        this.#withdrawals.waiting +
        this.#macRoutes.waiting,
    };
  }

  /** A table and its row belong together, which the compiler can not follow through an index. */
  #reconciler(table: TableName): Reconciler<string, unknown> & Reconciler<never, never> {
    return this.of[table] as never;
  }
}

function isOfRoutes(table: TableName): boolean {
  return ROUTE_TABLES.some((each) => each === table);
}

function pendingOf({ pending }: Pick<Reconciler<string, unknown>, "pending">): number {
  return pending.dirty + pending.retrying + pending.foreign + pending.unfit;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
