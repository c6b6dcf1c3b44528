/**
 * Addresses of guests between roamd and FRR. FRR knows of addresses what the kernel's neighbour table
 * says, hence nothing without an address of its own on the bridge; and the kernel makes a row when it
 * is asked something by the guest, not when a guest only announces itself.
 */
import { expect, it } from "vitest";
import { poll } from "../../labs/runner/poll.ts";
import { VM } from "../../labs/runner/scene.ts";
import { type Guest, ip, mac } from "../../labs/runner/signals.ts";
import type { IpAddress } from "../../src/evpn/ip.ts";
import { encodeArp } from "../../src/wire/arp.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV6, encodeEthernet } from "../../src/wire/ethernet.ts";
import { encodeNd } from "../../src/wire/nd.ts";
import {
  allClaims,
  describeWithEveryFrr,
  EVERYTHING,
  type FrrScene,
  type Leaf,
} from "./frr-scene.ts";

const GATEWAY = { ipv4: ip("192.168.10.254"), ipv6: ip("2001:db8:10::fe") };
const MANY = 10;

describeWithEveryFrr("the addresses of a guest", (_frr, scene) => {
  const set = scene({
    roamd: { leaf1: "hosts: { probe: { idle: 1s, attempts: 2, interval: 200ms } }\n" },
    gateway: [`${GATEWAY.ipv4}/24`, `${GATEWAY.ipv6}/64`],
  });

  it("C1.25 C3.4 twenty of them go to FRR and back with the number of their MAC", async () => {
    const s = set();
    const { guest, faces } = manyFaced(s);
    for (const face of faces) await s.says(face, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await untilAllClaimed(s, guest, "leaf1");

    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    await s.untilClaims(guest, "leaf1", []);
    await untilAllClaimed(s, guest, "leaf3", () => asksTheGateway(s, faces));
    expect(numbersOf(s, guest, "leaf3")).toEqual([1]);

    for (const face of faces) await s.says(face, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await s.untilClaims(guest, "leaf3", []);
    await untilAllClaimed(s, guest, "leaf1");
    expect(numbersOf(s, guest, "leaf1")).toEqual([2]);
  });

  it("C3.2 C3.10 one of a machine at FRR goes to a machine at roamd, and both machines stay", async () => {
    const s = set();
    const { one, other, vip } = await pair(s);
    const again = () => asksTheGateway(s, [vipOf(other, vip)]);
    await untilHeldBy(s, { vip, holder: other, again });
    await s.says(vipOf(one, vip), "leaf1", EVERYTHING);
    await untilHeldBy(s, { vip, holder: one });
    await s.followed(one, "leaf1");
    await s.followed(other, "leaf3");
    const rows = await s.lab.fabric.run("leaf3", ["ip", "neigh", "show", "dev", "br10"]);
    expect(rows).not.toContain(`${vip.ipv4} lladdr ${other.mac}`);
    expect(rows).not.toContain(`${vip.ipv6} lladdr ${other.mac}`);
  });

  // While roamd's route stands, the row it has made in FRR's kernel takes no notice of what the
  // guests say (NOARP). So FRR claims the address after roamd has withdrawn it, and not before.
  it("C3.10 one of a machine at roamd goes to a machine at FRR when the one at roamd dies", async () => {
    const s = set();
    const { one, other, vip } = await pair(s);
    await s.says(vipOf(one, vip), "leaf1", EVERYTHING);
    await untilHeldBy(s, { vip, holder: one });
    await s.lab.fabric.run("host1", ["ip", "link", "set", "eth1", "down"]);
    try {
      const again = () => asksTheGateway(s, [vipOf(other, vip)]);
      await untilHeldBy(s, { vip, holder: other, again });
    } finally {
      await s.lab.fabric.run("host1", ["ip", "link", "set", "eth1", "up"]);
    }
    await s.followed(other, "leaf3");
  });

  // While the machine lives on, which is how VRRP hands over when it is told to, FRR's kernel takes no
  // new owner for the address as long as roamd's route stands (FRR #14156), and keeps the new owner's
  // gratuitous ARP from the tunnel (`neigh_suppress`), so that roamd can not hear of it either. But it
  // asks its hosts for each of their addresses now and then.
  it("C3.10 C6.14 one that a living machine at roamd has let go is claimed by FRR", async () => {
    const s = set();
    const [other, vip] = [s.guest(), s.guest()];
    await s.says(other, "leaf3");
    await s.followed(other, "leaf3");
    const address = [`${vip.ipv4}/24`, "dev", "vm0"];
    await s.lab.fabric.run("vm", ["ip", "address", "add", ...address]);
    await s.lab.machine.signal(["gratuitous-arp"], { ...vip, mac: mac(VM.mac) });
    await poll("leaf1 to claim it", () => holdersOf(s, vip.ipv4).includes(VM.mac));
    await s.lab.fabric.run("vm", ["ip", "address", "del", ...address]);
    await poll(
      "FRR to claim it",
      async () => {
        await s.says(vipOf(other, vip), "leaf3", EVERYTHING);
        await asksTheGateway(s, [vipOf(other, vip)]);
        return holdersOf(s, vip.ipv4).includes(other.mac);
      },
      { everyMs: 300, timeoutMs: 15_000 },
    );
  });

  // With the router's flag FRR adds the community of RFC 9047, and GoBGP, of any version so far, takes
  // the whole update for a withdrawal. The route of the MAC alone is another update.
  it("C6.8 that of a router is lost in GoBGP on its way from FRR, and the MAC moves nevertheless", async () => {
    const s = set();
    const guest = s.guest();
    await s.says(guest, "leaf3");
    await s.followed(guest, "leaf3");
    const row = [guest.ipv6, "lladdr", guest.mac, "dev", "br10", "nud", "reachable", "router"];
    await s.lab.fabric.run("leaf3", ["ip", "neigh", "replace", ...row]);
    await poll("FRR to tell the spine", async () => {
      const show = "show bgp l2vpn evpn neighbors 10.255.0.100 advertised-routes";
      return (await s.vtysh(show)).includes(`[48]:[${guest.mac}]:[128]:[${guest.ipv6}]`);
    });
    await poll("the spine to complain", () =>
      s.lab.fabric.logs("spine").includes("unknown evpn subtype: 8"),
    );
    await s.settled();
    expect(s.claims(guest, "leaf3")).toEqual([{ ip: null, seq: null }]);
    await s.says(guest, "leaf1", EVERYTHING);
    await s.followed(guest, "leaf1");
    await s.untilClaims(guest, "leaf3", []);
    await s.untilClaims(guest, "leaf1", allClaims(guest, 1));
  });
});

/** Until a leaf claims the MAC and all its addresses. */
async function untilAllClaimed(
  s: FrrScene,
  guest: Guest,
  leaf: Leaf,
  again?: () => Promise<void>,
): Promise<void> {
  await poll(
    `${leaf} to claim all addresses of ${guest.mac}`,
    async () => {
      await again?.();
      return s.claims(guest, leaf).length === 1 + 2 * MANY;
    },
    { everyMs: 200, otherwise: () => JSON.stringify(s.claims(guest, leaf)) },
  );
}

/** Those of all its routes at once, each once. */
function numbersOf(s: FrrScene, guest: Guest, leaf: Leaf): readonly (number | null)[] {
  return [...new Set(s.claims(guest, leaf).map(({ seq }) => seq))];
}

/** One MAC with many addresses of each family. */
function manyFaced(s: FrrScene): { readonly guest: Guest; readonly faces: readonly Guest[] } {
  const guest = s.guest();
  const faces = Array.from({ length: MANY }, (_, index) => ({
    mac: guest.mac,
    ipv4: ip(`192.168.10.${50 + index}`),
    ipv6: ip(`2001:db8:10::3:${index + 1}`),
  }));
  return { guest, faces };
}

/** At leaf3, so that the kernel there makes a row for each address. */
async function asksTheGateway(s: FrrScene, faces: readonly Guest[]): Promise<void> {
  await s.sends(
    "leaf3",
    faces.flatMap((face) => [arpRequest(face), solicitation(face)]),
  );
}

function arpRequest({ mac: source, ipv4 }: Guest): Uint8Array {
  const payload = encodeArp({
    operation: "request",
    senderMac: source,
    senderIp: ipv4,
    targetMac: mac("00:00:00:00:00:00"),
    targetIp: GATEWAY.ipv4,
  });
  const destination = mac("ff:ff:ff:ff:ff:ff");
  return encodeEthernet({ destination, source, etherType: ETHERTYPE_ARP, payload });
}

function solicitation({ mac: source, ipv6 }: Guest): Uint8Array {
  const payload = encodeNd({
    kind: "neighbour-solicitation",
    source: ipv6,
    destination: ip("ff02::1:ff00:fe"),
    target: GATEWAY.ipv6,
    linkAddress: source,
  });
  const destination = mac("33:33:ff:00:00:fe");
  return encodeEthernet({ destination, source, etherType: ETHERTYPE_IPV6, payload });
}

/** A machine at roamd, another at FRR, and addresses that both serve. */
async function pair(s: FrrScene): Promise<Record<"one" | "other" | "vip", Guest>> {
  const [one, other, vip] = [s.guest(), s.guest(), s.guest()];
  await s.says(one, "leaf1", EVERYTHING);
  await s.followed(one, "leaf1");
  await s.says(other, "leaf3");
  await s.followed(other, "leaf3");
  return { one, other, vip };
}

function vipOf(machine: Guest, vip: Guest): Guest {
  return { ...vip, mac: machine.mac };
}

/** The MACs of whom the spine has routes with this address. */
function holdersOf(s: FrrScene, address: IpAddress): readonly string[] {
  return s.lab.rib.routes.filter((route) => route.ip === address).map((route) => route.mac);
}

/** Until the spine knows one holder of both addresses, and leaf2's kernel answers for it. */
async function untilHeldBy(
  s: FrrScene,
  { vip, holder, again }: { vip: Guest; holder: Guest; again?: () => Promise<void> },
): Promise<void> {
  let neighbours = "";
  await poll(
    `${holder.mac} alone to hold ${vip.ipv4} and ${vip.ipv6}`,
    async () => {
      await again?.();
      neighbours = await s.lab.fabric.run("leaf2", ["ip", "neigh", "show", "dev", "br10"]);
      return [vip.ipv4, vip.ipv6].every((address) => {
        const [first, second] = holdersOf(s, address);
        const row = `${address} lladdr ${holder.mac}`;
        return first === holder.mac && second === undefined && neighbours.includes(row);
      });
    },
    {
      everyMs: 300,
      timeoutMs: 15_000,
      otherwise: () => `${holdersOf(s, vip.ipv4)} ${holdersOf(s, vip.ipv6)}; ${neighbours}`,
    },
  );
}
