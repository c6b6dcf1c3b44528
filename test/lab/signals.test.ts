/**
 * Every signal at a roamd leaf, alone, from a guest whose owner was a roamd leaf or FRR, with an
 * address of the leaf's own on its bridge and without; and the same frame at FRR when the owner was a
 * roamd leaf. `UPDATE_DOCS=1` writes what came of it into `docs/signals.md`; judged are conditions
 * alone, never times.
 *
 * The guest is a machine with a kernel that says nothing by itself (no traffic, no router
 * solicitation, no confirmation of neighbours), but answers when it is asked. The others are nothing
 * but frames: they answer nobody.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { ARRIVALS, type Arrival, introduction, type Peers } from "../../labs/runner/arrivals.ts";
import { now } from "../../labs/runner/clock.ts";
import { poll } from "../../labs/runner/poll.ts";
import { inRepository } from "../../labs/runner/repository.ts";
import type { RibRoute } from "../../labs/runner/rib-watch.ts";
import { HOSTS, LEAVES, type Leaf, type Scene, VM, VTEPS } from "../../labs/runner/scene.ts";
import { type Guest, ip, mac } from "../../labs/runner/signals.ts";
import { Stations } from "../../labs/runner/stations.ts";
import { withScene } from "./fabric.ts";
import { guestNumber } from "./frr-scene.ts";
import { type Cell, markdownOf, type Row } from "./signals-table.ts";

const GUEST: Guest = { mac: mac(VM.mac), ipv4: ip(VM.ipv4), ipv6: ip(VM.ipv6) };
/** After the loss of a guest its old leaf asks for it so long; by data alone it is back only then. */
const CHECK_MS = 3500;
/** So long is waited for what FRR makes of a frame, which may be nothing. */
const FRR_MS = 1000;

const rows: Row[] = [];

describe.each([
  ["without an address on the bridges", false],
  ["with an address on the bridges", true],
] as const)("a single frame at the new leaf, %s", (_name, svi) => {
  const scene = withScene();
  /** When each leaf has lost the guest. */
  const lostAt = new Map<Leaf, number>();
  let gateways: Readonly<Record<Leaf, Guest>>;
  let stations: Readonly<Record<"leaf1" | "leaf2", Stations>>;

  it("finds a guest that all know, and that says nothing by itself", async () => {
    const s = scene();
    gateways = await addressed(s, svi);
    stations = {
      leaf1: new Stations(s.fabric, HOSTS.leaf1),
      leaf2: new Stations(s.fabric, HOSTS.leaf2),
    };
    await silence(s);
    await known(s, "leaf1");
  });

  async function known(s: Scene, leaf: Leaf): Promise<void> {
    const wanted = leaf === "leaf3" && !svi ? 0 : 2;
    await poll(
      `${leaf} to tell of ${wanted} addresses`,
      async () => {
        if (addressesOf(s, leaf).length >= wanted && ownersOf(s).length === 1) return true;
        await s.machine.move(leaf, { frames: introduction(GUEST, { gateway: gateways[leaf] }) });
        return false;
      },
      { everyMs: 200, otherwise: () => JSON.stringify(s.rib.routesOf(VM.mac)) },
    );
  }

  /** One frame at a leaf; what became of it there. */
  async function arrives(s: Scene, arrival: Arrival, to: Leaf): Promise<Cell> {
    const from = s.machine.leaf as Leaf;
    if (arrival.isData) {
      const since = lostAt.get(to) ?? 0;
      await poll(`${to} to ask no more`, () => now() - since > CHECK_MS, { everyMs: 100 });
    }
    const known = addressesOf(s, from);
    const seq = highest(s);
    const host = LEAVES.find((leaf) => leaf !== from && leaf !== to) ?? "leaf1";
    const peers: Peers = { gateway: gateways[to], host: hostAt(host) };
    const at = await s.machine.move(to, { frames: [arrival.frame(GUEST, peers)] });
    lostAt.set(from, now());
    const moved = await s.followed(to, { timeoutMs: to === "leaf3" ? 3 * FRR_MS : 10_000 }).then(
      (since) => Math.max(...LEAVES.map((leaf) => since[leaf])) - at,
      (error: unknown) => (to === "leaf3" ? undefined : Promise.reject(error)),
    );
    return { moved, known, seq };
  }

  it.each(ARRIVALS.map((arrival) => [arrival.name, arrival] as const))(
    "C9.1 moves the guest and all its known addresses with one number: %s",
    async (_title, arrival) => {
      const s = scene();
      await s.machine.move("leaf1", { frames: [] });
      await known(s, "leaf1");

      const fromRoamd = await arrives(s, arrival, "leaf2");
      const ips = { fromRoamd: await adopted(s, { arrival, cell: fromRoamd, to: "leaf2" }) };
      expect(ips.fromRoamd, "those of a guest at roamd").toEqual([VM.ipv4, VM.ipv6]);

      await known(s, "leaf2");
      const atFrr = await arrives(s, arrival, "leaf3");
      const told = await addressesAtFrr(s);

      await known(s, "leaf3");
      const fromFrr = await arrives(s, arrival, "leaf1");
      const adoptedFromFrr = await adopted(s, { arrival, cell: fromFrr, to: "leaf1" });
      if (svi) expect(adoptedFromFrr, "those of a guest at FRR").toEqual([VM.ipv4, VM.ipv6]);

      rows.push({
        name: arrival.name,
        svi,
        roamdFromRoamd: { moved: fromRoamd.moved, ips: ips.fromRoamd },
        roamdFromFrr: { moved: fromFrr.moved, ips: adoptedFromFrr },
        frrFromRoamd: { moved: atFrr.moved, ips: told },
      });
    },
  );

  it("C3.13 C4.2 addresses that were taken over are asked for: who answers keeps them, who does not has them withdrawn", async () => {
    const s = scene();
    await known(s, "leaf1");
    const ghosts = ARRIVALS.map((arrival, index) => ({ arrival, guest: ghost(index) }));
    const gateway = gateways.leaf1;
    await stations.leaf1.send(ghosts.flatMap(({ guest }) => introduction(guest, { gateway })));
    for (const { guest } of ghosts)
      await untilClaims(s, guest, { leaf: "leaf1", ips: bothOf(guest) });

    const rarp = ARRIVALS.find(({ name }) => name.startsWith("RARP"));
    if (rarp === undefined) throw new Error("Cannot test: no RARP among the signals");
    const cell = await arrives(s, rarp, "leaf2");
    await adopted(s, { arrival: rarp, cell, to: "leaf2" });

    const peers: Peers = { gateway: gateways.leaf2, host: hostAt("leaf3") };
    await stations.leaf2.send(ghosts.map(({ arrival, guest }) => arrival.frame(guest, peers)));
    for (const { guest } of ghosts) {
      await s.fdbs.leaf1.until(guest.mac, VTEPS.leaf2);
      await s.fdbs.leaf3.until(guest.mac, VTEPS.leaf2);
    }
    for (const { arrival, guest } of ghosts) {
      const bound = arrival.binds === "nothing" ? [] : [guest[arrival.binds]];
      await untilClaims(s, guest, { leaf: "leaf2", ips: bound });
      // Before they were withdrawn, all had come with one number.
      const told = s.rib.events.filter(
        (event) => event.mac === guest.mac && event.vtep === VTEPS.leaf2 && !event.withdrawn,
      );
      expect(new Set(told.map((event) => event.ip))).toEqual(new Set([null, ...bothOf(guest)]));
      expect(new Set(told.map((event) => event.seq))).toEqual(new Set([1]));
    }
    // The machine was asked before them, and has answered.
    expect(addressesOf(s, "leaf2")).toEqual([VM.ipv4, VM.ipv6]);
  });

  it("C9.3 who only asks whether an address is free is known by its MAC alone", async () => {
    const s = scene();
    const askers = ARRIVALS.filter(({ name }) => /probe|DAD/.test(name)).map((arrival, index) => ({
      arrival,
      guest: ghost(40 + index),
    }));
    const peers: Peers = { gateway: gateways.leaf1, host: hostAt("leaf3") };
    await stations.leaf1.send(askers.map(({ arrival, guest }) => arrival.frame(guest, peers)));
    const last = ghost(50);
    await stations.leaf1.send(introduction(last, peers));
    await untilClaims(s, last, { leaf: "leaf1", ips: bothOf(last) });
    for (const { guest } of askers) {
      await untilClaims(s, guest, { leaf: "leaf1", ips: [] });
      expect(s.rib.events.filter((event) => event.mac === guest.mac && event.ip !== null)).toEqual(
        [],
      );
    }
  });
});

/** Until the new leaf tells of the guest's known addresses, and of what the frame says, with one number. */
async function adopted(
  s: Scene,
  { arrival, cell, to }: { arrival: Arrival; cell: Cell; to: Leaf },
): Promise<readonly string[]> {
  const bound = arrival.binds === "nothing" ? [] : [VM[arrival.binds]];
  const ips = [...new Set([...cell.known, ...bound])].sort();
  await untilClaims(s, GUEST, { leaf: to, ips, seq: cell.seq + 1 });
  return addressesOf(s, to);
}

/** Exactly these routes, all of one number, and none of another leaf. */
async function untilClaims(
  s: Scene,
  guest: Guest,
  { leaf, ips, seq }: { leaf: Leaf; ips: readonly string[]; seq?: number },
): Promise<void> {
  const wanted = JSON.stringify([null, ...[...ips].sort()]);
  const have = (): readonly RibRoute[] =>
    [...s.rib.routesOf(guest.mac)].sort((a, b) => (a.ip ?? "").localeCompare(b.ip ?? ""));
  await poll(
    `the spine to have ${wanted} of ${guest.mac} from ${leaf} alone, with one number`,
    () => {
      const routes = have();
      return (
        JSON.stringify(routes.map((route) => route.ip)) === wanted &&
        routes.every((route) => route.vtep === VTEPS[leaf]) &&
        new Set(routes.map((route) => route.seq)).size === 1 &&
        (seq === undefined || routes[0]?.seq === seq)
      );
    },
    { timeoutMs: 10_000, otherwise: () => `${JSON.stringify(have())}, the number wanted: ${seq}` },
  );
}

/** What FRR tells of a guest that has come; it may be nothing, so it is waited for no longer than a second. */
async function addressesAtFrr(s: Scene): Promise<readonly string[]> {
  const until = performance.now() + FRR_MS;
  await poll("FRR to tell, or its time to be over", () => {
    return addressesOf(s, "leaf3").length === 2 || performance.now() > until;
  });
  return addressesOf(s, "leaf3");
}

function addressesOf(s: Scene, leaf: Leaf): readonly string[] {
  return s.rib
    .routesOf(VM.mac)
    .filter((route) => route.vtep === VTEPS[leaf])
    .flatMap((route) => route.ip ?? [])
    .sort();
}

function ownersOf(s: Scene): readonly string[] {
  return [...new Set(s.rib.routesOf(VM.mac).map((route) => route.vtep))];
}

function highest(s: Scene): number {
  return Math.max(0, ...s.rib.routesOf(VM.mac).map((route) => route.seq ?? 0));
}

function ghost(index: number): Guest {
  return guestNumber(20 + index);
}

function bothOf({ ipv4, ipv6 }: Guest): readonly string[] {
  return [ipv4, ipv6];
}

function hostAt(leaf: Leaf): Guest {
  const number = leaf.slice(-1);
  return {
    mac: mac(`02:00:00:00:00:0${number}`),
    ipv4: ip(`192.168.10.${number}`),
    ipv6: ip(`2001:db8:10::${number}`),
  };
}

/** Who the gateway is at each leaf; its addresses are only there `svi` being so. */
async function addressed(s: Scene, svi: boolean): Promise<Readonly<Record<Leaf, Guest>>> {
  const gateway = async (leaf: Leaf): Promise<Guest> => {
    const number = leaf.slice(-1);
    const [ipv4, ipv6] = [ip(`192.168.10.25${number}`), ip(`2001:db8:10::25${number}`)];
    if (svi) {
      await s.fabric.run(leaf, ["ip", "address", "add", `${ipv4}/24`, "dev", "br10"]);
      await s.fabric.run(leaf, ["ip", "address", "add", `${ipv6}/64`, "dev", "br10", "nodad"]);
    }
    const address = await s.fabric.run(leaf, ["cat", "/sys/class/net/br10/address"]);
    return { mac: mac(address.trim()), ipv4, ipv6 };
  };
  const [leaf1, leaf2, leaf3] = await Promise.all(LEAVES.map(gateway));
  if (leaf1 === undefined || leaf2 === undefined || leaf3 === undefined) throw new Error("No leaf");
  return { leaf1, leaf2, leaf3 };
}

/** Having answered somebody, a kernel asks some seconds later whether he is still there: not this one. */
async function silence(s: Scene): Promise<void> {
  for (const family of ["ipv4", "ipv6"]) {
    const file = `/proc/sys/net/${family}/neigh/vm0/delay_first_probe_time`;
    await s.fabric.run("vm", ["sh", "-c", `echo 36000 >${file}`]);
  }
}

afterAll(() => {
  if (process.env.UPDATE_DOCS !== "1" || rows.length !== 2 * ARRIVALS.length) return;
  const versions = {
    gobgpd: execFileSync("gobgpd", ["--version"], { encoding: "utf8" }).trim(),
    frr:
      execFileSync("/usr/lib/frr/bgpd", ["--version"], { encoding: "utf8" }).split("\n")[0] ?? "",
    linux: execFileSync("uname", ["-r"], { encoding: "utf8" }).trim(),
  };
  mkdirSync(inRepository("docs"), { recursive: true });
  writeFileSync(inRepository("docs/signals.md"), markdownOf(rows, versions));
});
