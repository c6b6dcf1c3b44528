/** What was found at one leaf, as lines of the table. */
import { type Measurement, SAME, type Target } from "../measured.ts";
import { meanOf, spreadOf } from "../statistics.ts";
import type { Asked } from "./cli.ts";
import type { OneByOne } from "./growth.ts";
import type { FrrStart, Memory } from "./sync.ts";

interface Pair<T> {
  readonly ours: T;
  readonly floor: T;
}

export interface GobgpFound {
  /** By the number of routes. */
  readonly sync: ReadonlyMap<number, Pair<readonly number[]>>;
  readonly growth: ReadonlyMap<number, Pair<OneByOne>>;
  /** With the most routes, and with hardly any. */
  readonly memory: readonly Memory[];
  readonly empty: Memory;
  readonly restart: Pair<readonly number[]>;
  readonly askedFew: readonly Asked[];
  readonly asked: readonly Asked[];
  readonly movesIdle: readonly number[];
  readonly movesAsked: readonly number[];
}

export interface FrrFound {
  /** From the start of its daemons. */
  readonly sync: ReadonlyMap<number, readonly FrrStart[]>;
  /** From the first byte of what its neighbour tells, while it runs. */
  readonly told: ReadonlyMap<number, readonly number[]>;
  readonly growth: ReadonlyMap<number, OneByOne>;
  readonly memory: readonly Memory[];
  readonly empty: Memory;
}

const ROUTE_KB = 1.5;
const FIRST_LINE_MS = 100;
/** bgpd calls after a second; where it has once waited for ten, there was nothing to compare with. */
const CALLED_MS = 3000;
/** What a host's move takes more on a busy moment, however short it is, ms. */
const BUSY_MS = 0.5;

export function leafMeasurements(
  sizes: readonly number[],
  gobgp: GobgpFound,
  frr: FrrFound,
): readonly Measurement[] {
  const most = sizes.at(-1) ?? 0;
  return [
    ...sizes.map((size, i) => syncMeasurement(size, { gobgp, frr, smaller: sizes[i - 1] })),
    restartMeasurement(most, gobgp),
    memoryMeasurement(most, gobgp, frr),
    ...sizes.flatMap((size) =>
      growthMeasurements(size, { gobgp, frr, smallest: sizes[0] ?? size }),
    ),
    ...cliMeasurements(most, gobgp),
  ];
}

interface Found {
  readonly gobgp: GobgpFound;
  readonly frr: FrrFound;
}

function syncMeasurement(
  size: number,
  { gobgp, frr, smaller }: Found & { readonly smaller: number | undefined },
): Measurement {
  const { ours, floor } = of(gobgp.sync, size);
  const starts = of(frr.sync, size);
  const called = Math.max(...starts.map(({ calledMs }) => calledMs));
  return {
    name: "sync",
    work: `${size} MAC/IP routes`,
    what:
      "from the start of the process, gobgpd having the routes, until the kernel has every row; " +
      "FRR from the start of its daemons, its neighbour having the routes",
    unit: "ms",
    ours,
    frr: starts.map(({ tookMs }) => tookMs),
    floor,
    targets: [
      { kind: "floor-median", atMost: 1.5 },
      { kind: "frr", atLeast: 1 },
      // To be faster than somebody who sleeps is nothing.
      { kind: "beside", what: "ms until FRR called", is: called, atMost: CALLED_MS },
      ...(smaller === undefined ? [] : [linear(gobgp, smaller, size)]),
    ],
    faults: [],
    notes: [
      `FRR that runs: ${ms(of(frr.told, size))} ms from the first byte its neighbour sends; roamd that ` +
        "runs waits for gobgpd, which receives 5 to 6 thousand a second",
    ],
  };
}

/** Of so many times the routes as before, so many times the time at the most. */
function linear(gobgp: GobgpFound, smaller: number, size: number): Target {
  const before = spreadOf(of(gobgp.sync, smaller).ours).median;
  const is = spreadOf(of(gobgp.sync, size).ours).median / (before * (size / smaller));
  return { kind: "beside", what: `time by that of ${smaller} routes, for each`, is, atMost: SAME };
}

function restartMeasurement(size: number, { restart }: GobgpFound): Measurement {
  return {
    name: "restart",
    work: `${size} rows`,
    what: "killed and started, until ready and all tables are read; no row was touched",
    unit: "ms",
    ...restart,
    frr: undefined,
    targets: [{ kind: "floor-median", atMost: 1.5 }],
    faults: [],
    notes: ["The floor reads gobgpd's table and the kernel's, and does nothing with them"],
  };
}

function memoryMeasurement(size: number, gobgp: GobgpFound, frr: FrrFound): Measurement {
  const perRoute = (memory: readonly Memory[], empty: Memory): readonly number[] =>
    memory.map(({ own }) => (own - empty.own) / size);
  const mb = (kb: number): string => (kb / 1024).toFixed(0);
  const [ours = gobgp.empty] = gobgp.memory;
  const [theirs = frr.empty] = frr.memory;
  return {
    name: "memory",
    work: `${size} MAC/IP routes`,
    what: "resident memory above that with hardly any route, for each route",
    unit: "KB",
    ours: perRoute(gobgp.memory, gobgp.empty),
    frr: perRoute(frr.memory, frr.empty),
    floor: undefined,
    targets: [{ kind: "ours", atMost: ROUTE_KB }],
    faults: [],
    notes: [
      `roamd and gobgpd ${mb(ours.own + ours.speaker)} MB, zebra and bgpd ${mb(theirs.own)} MB`,
      `roamd alone ${mb(ours.own)} MB, with hardly any route ${mb(gobgp.empty.own)}; zebra and bgpd ` +
        `with hardly any ${mb(frr.empty.own)}`,
    ],
  };
}

function growthMeasurements(
  size: number,
  { gobgp, frr, smallest }: Found & { readonly smallest: number },
): readonly Measurement[] {
  const found = of(gobgp.growth, size);
  const least = of(gobgp.growth, smallest).ours;
  const theirs = of(frr.growth, size);
  const whats = {
    here: "from a host's frame at a port here until the leaf's neighbour hears the route",
    there: "from a route of the leaf's neighbour until the kernel forwards there",
  };
  return (["here", "there"] as const).map((direction) => ({
    name: "growth",
    work: `a move ${direction}, ${size} routes`,
    what: whats[direction],
    unit: "ms",
    ours: found.ours[direction],
    frr: theirs[direction],
    floor: found.floor[direction],
    targets: [{ kind: "ours", atMost: spreadOf(least[direction]).median * SAME + BUSY_MS }],
    faults: [],
    notes: [],
  }));
}

function cliMeasurements(size: number, found: GobgpFound): readonly Measurement[] {
  const first = (asked: readonly Asked[]): readonly number[] => asked.map(({ firstMs }) => firstMs);
  const mean = meanOf(found.movesAsked) / meanOf(found.movesIdle);
  const whole = spreadOf(found.asked.map(({ lastMs }) => lastMs)).median;
  return [
    {
      name: "cli",
      work: `first of ${size} lines`,
      what: "from the start of roam show macs until its first line; the floor is with ten MACs",
      unit: "ms",
      ours: first(found.asked),
      frr: undefined,
      floor: first(found.askedFew),
      targets: [{ kind: "ours", atMost: spreadOf(first(found.askedFew)).median + FIRST_LINE_MS }],
      faults: [],
      notes: [`The last line comes after ${whole.toFixed(0)} ms`],
    },
    {
      name: "cli",
      work: `a move meanwhile, ${size} routes`,
      what: "a move elsewhere while roam show macs runs; the floor is the same while nobody asks",
      unit: "ms",
      ours: found.movesAsked,
      frr: undefined,
      floor: found.movesIdle,
      // One comes after the other: a daemon that stood still would have fewer, whatever their median.
      targets: [
        { kind: "floor-median", atMost: SAME },
        { kind: "beside", what: "mean of all by that while nobody asks", is: mean, atMost: 1.5 },
      ],
      faults: [],
      notes: [`The mean of all: ${mean.toFixed(2)} x that while nobody asks`],
    },
  ];
}

function ms(values: readonly number[]): string {
  return spreadOf(values).median.toFixed(0);
}

function of<T>(map: ReadonlyMap<number, T>, size: number): T {
  const found = map.get(size);
  if (found === undefined) throw new Error(`Cannot compare: nothing was measured at ${size}`);
  return found;
}
