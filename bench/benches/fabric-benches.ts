/** The benches that need a fabric: each kind of it is set up once, and measured in turn. */
import type { BenchOptions } from "../bench-options.ts";
import { BenchFabric } from "../lab/bench-fabric.ts";
import type { Kind } from "../lab/definition.ts";
import type { Measurement } from "../measured.ts";
import { type MassMove, type MassMoved, massMeasurements, measureMassMove } from "./mass-move.ts";
import { type ByKind, type Moves, measureMoves, moveMeasurements } from "./move.ts";

export const FABRIC_BENCHES = ["move", "withdraw", "mass-move"] as const;

const KINDS: readonly Kind[] = ["roamd", "floor", "frr", "frr-gobgp"];

interface Found {
  readonly moves: Moves | undefined;
  /** By the number of hosts. */
  readonly masses: ReadonlyMap<number, MassMoved>;
}

/** The p99 is then the second worst. */
const MOVES = 101;

export async function runFabricBenches(
  names: readonly string[],
  options: BenchOptions,
): Promise<readonly Measurement[]> {
  const single: readonly string[] = names.filter((name) => name === "move" || name === "withdraw");
  const masses = names.includes("mass-move") ? massMoves(options) : [];
  if (single.length === 0 && masses.length === 0) return [];
  const moves = single.length === 0 ? 0 : options.isSmoke ? 2 : MOVES;
  const found: Partial<Record<Kind, Found>> = {};
  for (const kind of KINDS) found[kind] = await measure(kind, { moves, masses, options });
  const of = <T>(pick: (found: Found) => T | undefined): ByKind<T> => {
    const each = (kind: Kind): T => {
      const one = found[kind];
      const picked = one && pick(one);
      if (picked === undefined) throw new Error(`Cannot compare: ${kind} did not run`);
      return picked;
    };
    return {
      roamd: each("roamd"),
      floor: each("floor"),
      frr: each("frr"),
      "frr-gobgp": each("frr-gobgp"),
    };
  };
  const singles = moves === 0 ? [] : moveMeasurements(of((each) => each.moves));
  const massOf = (hosts: number): ByKind<MassMoved> => of((each) => each.masses.get(hosts));
  return [
    ...singles.filter(({ name }) => single.includes(name)),
    ...masses.flatMap(({ hosts }) =>
      hosts === 1 ? [] : massMeasurements(hosts, massOf(hosts), massOf(1)),
    ),
  ];
}

/** One alone is what the first of many is held against. */
function massMoves({ isSmoke }: BenchOptions): readonly MassMove[] {
  if (isSmoke) {
    return [
      { hosts: 1, repeats: 1 },
      { hosts: 50, repeats: 1 },
    ];
  }
  return [
    { hosts: 1, repeats: 21 },
    { hosts: 100, repeats: 12 },
    { hosts: 1000, repeats: 6 },
    { hosts: 5000, repeats: 4 },
    { hosts: 10_000, repeats: 4 },
  ];
}

async function measure(
  kind: Kind,
  { moves, masses, options }: { moves: number; masses: readonly MassMove[]; options: BenchOptions },
): Promise<Found> {
  const { binaries, say } = options;
  await using lab = await BenchFabric.up(kind, binaries);
  const single = moves === 0 ? undefined : await measureMoves(lab, moves);
  if (single !== undefined) say(`${kind}: ${moves} moves`);
  const found = new Map<number, MassMoved>();
  for (const mass of masses) {
    found.set(mass.hosts, await measureMassMove(lab, mass));
    say(`${kind}: ${mass.hosts} hosts at once, ${mass.repeats} times`);
  }
  return { moves: single, masses: found };
}
