/**
 * Moves from one leaf to another in VLANs of one bridge, with gobgpd, the whole daemon, and both kinds of
 * VXLAN device on the way: the fabric is `lab/vlans.clab.yml`. What happens in one VLAN is no business
 * of the other's, not even of the same MAC in it.
 */
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { ARRIVALS, introduction } from "../../labs/runner/arrivals.ts";
import { Fabric } from "../../labs/runner/fabric.ts";
import { poll } from "../../labs/runner/poll.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import { RibWatch } from "../../labs/runner/rib-watch.ts";
import { roamCommand } from "../../labs/runner/scene.ts";
import { type Guest, guestNumber, ip, mac } from "../../labs/runner/signals.ts";
import { Stations } from "../../labs/runner/stations.ts";
import type { MacRow, VniRow } from "../../src/control/rows.ts";
import { tagged } from "../../src/wire/ethernet.ts";
import { familiesOf, table } from "../lab/signals-table.ts";

const LEAVES = ["leaf1", "leaf2"] as const;
type Leaf = (typeof LEAVES)[number];
const VTEPS: Readonly<Record<Leaf, string>> = { leaf1: "10.255.0.1", leaf2: "10.255.0.2" };
const VM = "02:00:00:00:01:00";
/** Those before have the addresses of the hosts. */
const FIRST_GUEST = 10;
const PATIENCE = { timeoutMs: 60_000, everyMs: 100 };

let fabric: Fabric;
let rib: RibWatch;

/** Where the frames for a MAC go in a VLAN of a leaf: a port, or a VTEP; `undefined`: to all. */
async function placeIn(leaf: Leaf, vlan: number, address: string): Promise<string | undefined> {
  return (await placesIn(leaf, vlan)).get(address);
}

async function placesIn(leaf: Leaf, vlan: number): Promise<ReadonlyMap<string, string>> {
  const rows = (await fabric.run(leaf, ["bridge", "fdb", "show"])).split("\n");
  const vteps = new Map<string, string>();
  for (const row of rows) {
    const [, address, device, vtep, vni] =
      /^(\S+) dev (\S+) dst (\S+)(?: src_vni (\d+))? .*extern_learn/.exec(row) ?? [];
    const isOurs = vni === undefined ? device === `vxlan${vlan}` : vni === `100${vlan}`;
    if (isOurs && address !== undefined && vtep !== undefined) vteps.set(address, vtep);
  }
  const places = new Map<string, string>();
  for (const row of rows) {
    const [, address, device, of] = /^(\S+) dev (\S+) vlan (\d+) .*master br0/.exec(row) ?? [];
    if (of !== `${vlan}` || address === undefined || device === undefined) continue;
    const place = device.startsWith("vxlan") ? vteps.get(address) : device;
    if (place !== undefined) places.set(address, place);
  }
  return places;
}

async function roam<Row>(leaf: Leaf, words: readonly string[]): Promise<readonly Row[]> {
  return JSON.parse(await fabric.run(leaf, roamCommand(["--json", ...words])));
}

/** What leaf1 knows of the machine in a VLAN. */
async function known(vlan: number): Promise<MacRow | undefined> {
  const rows = await roam<MacRow>("leaf1", ["show", "macs", "--mac", VM, "--vni", `100${vlan}`]);
  return rows[0];
}

async function reaches(vm: string, vlan: number): Promise<void> {
  for (const host of [1, 2]) {
    await poll(
      `${vm} to reach host${host}`,
      async () =>
        (await fabric.exec(vm, ["ping", "-c1", "-W1", `192.168.${vlan}.${host}`])).code === 0,
      PATIENCE,
    );
  }
}

/** The machine's own frames are all that anybody hears of the move. */
async function move(vlan: number, to: Leaf): Promise<void> {
  await fabric.run(`vm${vlan}`, ["sh", "/lab/node.sh", "place", to === "leaf1" ? "1" : "2"]);
  await reaches(`vm${vlan}`, vlan);
}

/** Until both leaves have it there. */
async function isAt(vlan: number, at: Leaf): Promise<void> {
  const port = vlan === 10 ? "eth2" : "eth3";
  for (const leaf of LEAVES) {
    const wanted = leaf === at ? port : VTEPS[at];
    await poll(
      `${leaf} to have it at ${wanted} in VLAN ${vlan}`,
      async () => (await placeIn(leaf, vlan, VM)) === wanted,
      PATIENCE,
    );
  }
}

beforeAll(async () => {
  fabric = await Fabric.up(inRepository("test/uml/lab/vlans.clab.yml"));
  await poll(
    "the leaves to flood to each other in both VLANs",
    async () => {
      const lists = await Promise.all(
        LEAVES.map((leaf) => fabric.run(leaf, ["bridge", "fdb", "show"])),
      );
      return lists.every((list) => [...list.matchAll(/^00:00:00:00:00:00 /gm)].length === 2);
    },
    { ...PATIENCE, otherwise: () => LEAVES.map((leaf) => fabric.logs(leaf)).join("\n") },
  );
  rib = RibWatch.start(fabric, "leaf1");
});
afterAll(() => fabric?.down());

/** What `docs:signals` adds to `docs/signals.md`: by frame, what each leaf told of a guest's addresses. */
const outcomes = new Map<string, Map<Leaf, string>>();
afterAll(() => {
  if (process.env.UPDATE_DOCS !== "1" || outcomes.size !== ARRIVALS.length) return;
  const header = ["the frame", "to one VXLAN device for all VNIs", "to one VXLAN device per VNI"];
  const lines = [...outcomes].map(([name, at]) => [
    name,
    at.get("leaf1") ?? "",
    at.get("leaf2") ?? "",
  ]);
  writeFileSync(
    "/mnt/signals.md",
    `## With one 802.1Q tag, at a port of a bridge that filters VLANs

The same frames, tagged, at roamd from roamd; between a leaf with one VXLAN device for all VNIs and one with a
device per VNI. Each guest has a twin with the same addresses in another VLAN, which had been at the same old
leaf and stays there. Written by \`npm run docs:signals\` (test/uml/moves.test.ts), which fails unless each
frame moves the guest in its VLAN alone and takes both addresses along, with one number. Measured with Linux
${release()} in user-mode Linux, so nothing is said of times.

${table([header, ...lines])}
`,
  );
});

describe("A machine in a VLAN", () => {
  it("is one of a MAC-VRF, which the VLAN is", async () => {
    onTestFailed(() => console.error(LEAVES.map((leaf) => fabric.logs(leaf)).join("\n")));
    const vnis = await Promise.all(LEAVES.map((leaf) => roam<VniRow>(leaf, ["show", "vnis"])));
    const told = vnis.map((rows) => rows.map(({ vni, vlan, vxlan }) => `${vni} ${vlan} ${vxlan}`));
    expect(told).toEqual([
      ["10010 10 vxlan0", "10020 20 vxlan0"],
      ["10010 10 vxlan10", "10020 20 vxlan20"],
    ]);
    await Promise.all([10, 20].map((vlan) => move(vlan, "leaf1")));
    for (const vlan of [10, 20]) await isAt(vlan, "leaf1");
  });

  it("moves, untagged or tagged, and its twin in the other VLAN stays", async () => {
    onTestFailed(() => console.error(LEAVES.map((leaf) => fabric.logs(leaf)).join("\n")));
    await move(10, "leaf2");
    await isAt(10, "leaf2");
    await isAt(20, "leaf1");
    expect(await known(10)).toMatchObject({ whereabouts: "there", vtep: VTEPS.leaf2, seq: 1 });
    expect(await known(20)).toMatchObject({ whereabouts: "here", port: "eth3" });

    await move(20, "leaf2");
    await isAt(20, "leaf2");
    await move(10, "leaf1");
    await isAt(10, "leaf1");
    await isAt(20, "leaf2");
    expect(await known(10)).toMatchObject({ whereabouts: "here", port: "eth2", seq: 2 });
    expect(await known(20)).toMatchObject({ whereabouts: "there", seq: 1 });
    await Promise.all([10, 20].map((vlan) => reaches(`vm${vlan}`, vlan)));
  });
});

describe("A single tagged frame at the new leaf", () => {
  const gateway: Guest = {
    mac: mac("02:00:00:00:00:fe"),
    ipv4: ip("192.168.20.254"),
    ipv6: ip("2001:db8:10::fe"),
  };
  const ways = [
    { from: "leaf1", to: "leaf2", host: "host2" },
    { from: "leaf2", to: "leaf1", host: "host1" },
  ] as const;
  const cases = ways.flatMap((way, index) =>
    ARRIVALS.map((arrival, number) => ({
      ...way,
      arrival,
      guest: guestNumber(FIRST_GUEST + index * ARRIVALS.length + number),
      title: `${arrival.name}, at ${way.to}`,
    })),
  );
  type Case = (typeof cases)[number];
  const guestsOf = ({ from }: (typeof ways)[number]) =>
    cases.filter((each) => each.from === from).map(({ guest }) => guest);

  /** The addresses that the new leaf has told of with one number, `null` being the MAC itself. */
  function toldBy({ guest, to }: Case): readonly (string | null)[] {
    const byNumber = new Map<number | null, Set<string | null>>();
    for (const { mac: of, vtep, withdrawn, seq, ip: address } of rib.events) {
      if (of !== guest.mac || vtep !== VTEPS[to] || withdrawn) continue;
      byNumber.set(seq, (byNumber.get(seq) ?? new Set()).add(address));
    }
    return [...(byNumber.get(Math.max(0, ...[...byNumber.keys()].map(Number))) ?? [])];
  }

  /** Where every guest is to be, in a VLAN of a leaf. */
  async function untilAt(leaf: Leaf, vlan: number, places: ReadonlyMap<string, string>) {
    const missing = async (): Promise<readonly string[]> => {
      const there = await placesIn(leaf, vlan);
      return [...places].flatMap(([of, place]) => (there.get(of) === place ? [] : of));
    };
    await poll(
      `${leaf} to have all guests where they are in VLAN ${vlan}`,
      async () => (await missing()).length === 0,
      { ...PATIENCE, otherwise: async () => (await missing()).join(" ") },
    );
  }

  function allAt(place: (each: Case) => string): ReadonlyMap<string, string> {
    return new Map(cases.map((each) => [each.guest.mac, place(each)]));
  }

  it("C9.1 moves each guest in its VLAN alone; its twin stays where both were", async () => {
    const stations = { host1: new Stations(fabric, "host1"), host2: new Stations(fabric, "host2") };
    const [first, second] = ways;
    for (const way of ways) {
      const frames = guestsOf(way).flatMap((guest) => introduction(guest, { gateway }));
      const host = way === first ? second.host : first.host;
      await stations[host].send(frames.flatMap((frame) => [tagged(frame, 10), tagged(frame, 20)]));
    }
    const atFirst = (leaf: Leaf) => allAt(({ from }) => (from === leaf ? "eth4" : VTEPS[from]));
    for (const vlan of [10, 20])
      for (const leaf of LEAVES) await untilAt(leaf, vlan, atFirst(leaf));
    await poll(
      "both leaves to tell of all addresses",
      () => cases.every(({ guest }) => rib.routesOf(guest.mac).length === 3),
      {
        ...PATIENCE,
        otherwise: () => {
          const odd = cases.find(({ guest }) => rib.routesOf(guest.mac).length !== 3);
          return JSON.stringify(rib.events.filter((e) => e.mac === odd?.guest.mac));
        },
      },
    );

    for (const { to, host } of ways) {
      const arriving = cases.filter((each) => each.to === to);
      const peers = { gateway, host: gateway };
      await stations[host].send(
        arriving.map(({ arrival, guest }) => tagged(arrival.frame(guest, peers), 20)),
      );
    }
    for (const leaf of LEAVES) {
      await untilAt(
        leaf,
        20,
        allAt(({ to }) => (to === leaf ? "eth4" : VTEPS[to])),
      );
      await untilAt(leaf, 10, atFirst(leaf));
    }
  });

  it.each(cases.map((each) => [each.title, each] as const))(
    "C9.1 takes all the guest's known addresses with it, with one number: %s",
    async (_title, each) => {
      await poll(
        `${each.to} to tell of the MAC and both addresses`,
        () => toldBy(each).length === 3,
        {
          ...PATIENCE,
          otherwise: () => JSON.stringify(rib.events.filter((e) => e.mac === each.guest.mac)),
        },
      );
      const { ipv4, ipv6 } = each.guest;
      const told = toldBy(each);
      expect(new Set(told)).toEqual(new Set([null, ipv4, ipv6]));
      const at = outcomes.get(each.arrival.name) ?? new Map<Leaf, string>();
      const ips = told.flatMap((address) => address ?? []).sort();
      outcomes.set(each.arrival.name, at.set(each.to, familiesOf(ips)));
    },
  );
});
