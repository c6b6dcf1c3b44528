/** Checks of the devices of the MAC-VRFs: VXLAN, bridge, uplink. */
import type { FactsRow } from "../control/facts-row.ts";
import type { CheckRow } from "../control/rows.ts";
import type { Facts, Found, HostFacts, LinkFacts } from "./facts.ts";
import { type Finding, judging, unknown, verdict } from "./verdict.ts";

/** What VXLAN puts around a frame: Ethernet 14, IP, UDP 8, VXLAN 8 (RFC 7348 §5). */
const OVERHEAD = { ipv4: 50, ipv6: 70 } as const;

/** VXLAN devices that are ports of bridges: those that are MAC-VRFs, or should be. */
function devices(links: readonly LinkFacts[]): readonly LinkFacts[] {
  return links.filter(({ vxlan, master }) => vxlan !== undefined && master !== undefined);
}

export function learningCheck({ host }: Facts): CheckRow {
  const check = "learning";
  return judging(check, linksOf(host), (links) => {
    const findings = devices(links).flatMap(({ name, vxlan, portLearning }): Finding[] => [
      ...(vxlan?.learning === true
        ? [
            {
              detail: `${name} learns addresses from packets, which undoes what BGP says (roamd does not use it)`,
              remedy: `ip link set ${name} type vxlan nolearning`,
            },
          ]
        : []),
      ...(portLearning === true
        ? [
            {
              detail: `the bridge learns at ${name}: a late packet of the old place takes a MAC back there`,
              remedy: `bridge link set dev ${name} learning off`,
            },
          ]
        : []),
    ]);
    return verdict(check, findings, "nothing is learned from what comes out of the tunnels");
  });
}

export function mtuCheck({ host }: Facts): CheckRow {
  const check = "mtu";
  return judging(check, linksOf(host), (links) => {
    const uplinks = new Set(host.found ? host.value.devices.values() : []);
    if (uplinks.size === 0) return unknown(check, "no other VTEP is known, so no uplink either");
    const findings = devices(links).flatMap((device) =>
      links
        .filter(({ name }) => uplinks.has(name))
        .flatMap((uplink) => mtuFinding(device, uplink) ?? []),
    );
    return verdict(check, findings, `full frames of the tunnels fit ${[...uplinks].join(", ")}`);
  });
}

function mtuFinding({ name, mtu, vxlan }: LinkFacts, uplink: LinkFacts): Finding | undefined {
  const overhead = vxlan?.local?.includes(":") === true ? OVERHEAD.ipv6 : OVERHEAD.ipv4;
  const most = uplink.mtu - overhead;
  if (mtu <= most) return undefined;
  return {
    detail: `${name} takes packets of ${mtu} bytes, and with ${overhead} bytes around them they do not fit ${uplink.name} (${uplink.mtu}): large ones are lost, small ones are not`,
    remedy: `ip link set ${name} mtu ${most}, or ip link set ${uplink.name} mtu ${mtu + overhead} all along the way`,
  };
}

export function floodCheck({ daemon, host }: Facts): CheckRow {
  const check = "flood-list";
  if (!host.found) return unknown(check, host.why);
  return judging(check, daemon, ({ vnis }) => {
    const unread = vnis.flatMap(({ vni }) => {
      const list = host.value.floods.get(vni);
      return list?.found === false ? [list.why] : [];
    });
    if (unread[0] !== undefined) return unknown(check, unread[0]);
    const findings = vnis.flatMap((vni) => floodFindings(vni, host.value));
    return verdict(check, findings, "flooded frames go to every leaf that wants them");
  });
}

function floodFindings(
  { vni, vxlan, flooding, silent }: FactsRow["vnis"][number],
  { floods }: HostFacts,
): readonly Finding[] {
  const list = floods.get(vni);
  const standing = list?.found === true ? list.value : [];
  const missing = flooding.filter((vtep) => !standing.includes(vtep));
  return [
    ...missing.map((vtep) => ({
      detail: `${vxlan} does not flood to ${vtep}, which wants it: ARP requests do not get there`,
      remedy: `roam show vteps --vni ${vni}, and read roamd's log; by hand: bridge fdb append 00:00:00:00:00:00 dev ${vxlan} dst ${vtep} self`,
    })),
    ...silent.map((vtep) => ({
      detail: `${vtep} has MACs in VNI ${vni} and sends no IMET route: nothing is flooded to it`,
      remedy: `let ${vtep} send EVPN routes of type 3, and look at its route targets`,
    })),
  ];
}

/** A silent host must be asked, or refresh its ARP entries, before the bridge forgets it. */
export function ageingCheck({ daemon, host }: Facts): CheckRow {
  const check = "ageing";
  return judging(check, daemon, ({ vnis }) => {
    const findings = vnis.flatMap(({ bridge, ageing }): Finding[] => {
      if (ageing === null) return [];
      const arp = host.found ? (host.value.arpSeconds.get(bridge) ?? 0) : 0;
      const least = Math.ceil(Math.max(ageing.leastSeconds, arp));
      // 0 is not for ever: a bridge with it learns nothing.
      if (ageing.bridgeSeconds >= least) return [];
      return [
        {
          detail: `${bridge} forgets a silent host after ${ageing.bridgeSeconds} s, before it is asked (${Math.ceil(ageing.leastSeconds)} s) or ARP entries of it end (${Math.ceil(arp)} s)`,
          remedy: `ip link set ${bridge} type bridge ageing_time ${least * 100}`,
        },
      ];
    });
    return verdict(check, findings, "bridges remember hosts for longer than others are silent");
  });
}

function linksOf(host: Found<HostFacts>): Found<readonly LinkFacts[]> {
  return host.found ? host.value.links : host;
}
