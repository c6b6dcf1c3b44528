/** What stands in for the RIB: the rows wanted, and how they change. */
import type { IpAddress } from "../../../src/evpn/ip.ts";
import type { MacAddress } from "../../../src/evpn/mac.ts";
import { fdbKey, floodKey, neighbourKey, type RowAt } from "../../../src/evpn/rows.ts";
import type { Vni } from "../../../src/evpn/vni.ts";
import type { Random } from "../../simulation/random.ts";
import type { Segment } from "./scene.ts";

const MACS = 12;

export function macOf(i: number): MacAddress {
  return `02:00:00:00:00:${i.toString(16).padStart(2, "0")}` as MacAddress;
}

export function ipOf(vni: number, i: number): IpAddress {
  const ip = i % 2 === 0 ? `192.0.2.${i + 1}` : `2001:db8:${vni}::${(i + 1).toString(16)}`;
  return ip as IpAddress;
}

type Wanted = RowAt & { readonly table: "fdb" | "flood" | "neighbour" };

export class Rib {
  readonly #rows = new Map<string, Wanted>();
  readonly #random: Random;

  constructor(random: Random, segments: readonly Segment[]) {
    this.#random = random;
    for (const segment of segments) {
      for (let i = 0; i < MACS; i++) {
        if (random.chance(0.7)) this.#learn(segment, i);
      }
      for (const vtep of segment.vteps) {
        if (random.chance(0.7)) this.#keep(flood(segment, vtep, true));
      }
    }
  }

  get rows(): readonly Wanted[] {
    return [...this.#rows.values()].filter(({ row }) => row !== undefined);
  }

  isPinned({ vni }: Segment, mac: string): boolean {
    return this.rows.some(
      ({ row }) => row?.vni === vni && "pinned" in row && row.mac === mac && row.pinned,
    );
  }

  floods({ vni }: Segment): readonly string[] {
    return this.rows.flatMap(({ table, row }) =>
      table === "flood" && row?.vni === vni ? [row.vtep] : [],
    );
  }

  /** Changes something; answers the rows that are wanted otherwise than before. */
  change(segment: Segment): readonly Wanted[] {
    const random = this.#random;
    if (random.chance(0.2)) {
      const vtep = random.pick(segment.vteps);
      const isWanted = this.floods(segment).includes(vtep);
      return [this.#keep(flood(segment, vtep, !isWanted))];
    }
    const i = random.between(0, MACS - 1);
    return random.chance(0.7) ? this.#learn(segment, i) : this.#forget(segment, i);
  }

  /** What stands on a segment in the end: others' rows, and ours where they leave room. */
  expected(segment: Segment, others: readonly string[]): readonly string[] {
    const taken = new Set(others.map((row) => row.split(" ").slice(0, 2).join(" ")));
    const ours = this.rows.flatMap((wanted) => {
      const { row } = wanted;
      if (row === undefined || row.vni !== segment.vni) return [];
      if ("ip" in row) {
        if (taken.has(`neighbour ${row.ip}`)) return [];
        return [`neighbour ${row.ip} ${row.mac} NOARP extern_learn 114`];
      }
      if (!("pinned" in row)) return taken.has(`flood ${row.vtep}`) ? [] : [`flood ${row.vtep}`];
      if (taken.has(`bridge ${row.mac}`) || taken.has(`tunnel ${row.mac}`)) return [];
      const how = row.pinned ? "extern_learn static sticky" : "dynamic extern_learn";
      return [
        `bridge ${row.mac} vxlan ${how}`,
        `tunnel ${row.mac} ${row.vtep} extern_learn static`,
      ];
    });
    return [...others, ...ours].sort();
  }

  #learn(segment: Segment, i: number): readonly Wanted[] {
    const vni = segment.vni as Vni;
    const mac = macOf(i);
    const vtep = this.#random.pick(segment.vteps) as IpAddress;
    const row = { vni, mac, vtep, pinned: this.#random.chance(0.2) };
    const neighbour = { vni, ip: ipOf(vni, i), mac };
    return [
      this.#keep({ table: "fdb", key: fdbKey(row), row }),
      this.#keep({ table: "neighbour", key: neighbourKey(neighbour), row: neighbour }),
    ];
  }

  #forget(segment: Segment, i: number): readonly Wanted[] {
    const vni = segment.vni as Vni;
    const key = neighbourKey({ vni, ip: ipOf(vni, i) });
    return [
      this.#keep({ table: "fdb", key: fdbKey({ vni, mac: macOf(i) }), row: undefined }),
      this.#keep({ table: "neighbour", key, row: undefined }),
    ];
  }

  #keep(wanted: Wanted): Wanted {
    this.#rows.set(`${wanted.table} ${wanted.key}`, wanted);
    return wanted;
  }
}

function flood(segment: Segment, vtep: string, isWanted: boolean): Wanted {
  const row = { vni: segment.vni as Vni, vtep: vtep as IpAddress };
  return { table: "flood", key: floodKey(row), row: isWanted ? row : undefined };
}
