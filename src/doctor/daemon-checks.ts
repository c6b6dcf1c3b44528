/** Checks of what the daemon says of itself, of GoBGP and of the RIB. */
import type { FactsRow } from "../control/facts-row.ts";
import type { CheckRow } from "../control/rows.ts";
import type { Facts, Found } from "./facts.ts";
import { type Finding, fine, judging, unknown, verdict, wrong } from "./verdict.ts";

/** Bits of `CapEff`, capability.h. */
const NET_ADMIN = 1n << 12n;
const NET_RAW = 1n << 13n;

export function daemonCheck({ daemon }: Facts): CheckRow {
  const check = "daemon";
  if (!daemon.found) {
    return wrong(check, daemon.why, "start it (systemctl start roamd), and read its log");
  }
  const { ready, version, gobgp } = daemon.value.status;
  if (ready) return fine(check, `roamd ${version} answers and is ready`);
  const waits = gobgp.connected ? "for what stands in the RIB and the kernel" : "for GoBGP";
  return wrong(
    check,
    `roamd ${version} is not ready: it waits ${waits}`,
    gobgp.connected
      ? "look at its log; it waits for a few seconds at the most"
      : `start gobgpd, and let it serve its API at ${gobgp.address}`,
  );
}

export function capabilitiesCheck({ daemon }: Facts): CheckRow {
  const check = "capabilities";
  return judging(check, daemon, ({ capabilities }) => {
    if (capabilities === null) return unknown(check, "roamd can not read /proc/self/status");
    const has = BigInt(`0x${capabilities}`);
    const missing = [
      ...((has & NET_ADMIN) === 0n ? ["CAP_NET_ADMIN"] : []),
      ...((has & NET_RAW) === 0n ? ["CAP_NET_RAW"] : []),
    ];
    if (missing.length === 0) return fine(check, "roamd has CAP_NET_ADMIN and CAP_NET_RAW");
    return wrong(
      check,
      `roamd runs without ${missing.join(" and ")}`,
      `give it ${missing.join(" and ")} (AmbientCapabilities= of its unit, cap_add of its container)`,
    );
  });
}

export function sessionsCheck({ daemon }: Facts): CheckRow {
  const check = "gobgp-sessions";
  return judging(check, daemon, ({ status: { gobgp } }) => {
    const { address, connected, peers } = gobgp;
    if (!connected) {
      return wrong(
        check,
        `GoBGP can not be reached at ${address}`,
        "start gobgpd, or set gobgp.address",
      );
    }
    const up = peers.filter(({ state }) => state === "established");
    if (peers.length === 0) {
      return wrong(
        check,
        "GoBGP has no neighbor",
        "configure a neighbor with the family l2vpn-evpn",
      );
    }
    const findings = peers
      .filter((peer) => !up.includes(peer))
      .map(
        (peer): Finding => ({
          detail: `the session with ${peer.address} (AS ${peer.asn}) is ${peer.state}`,
          remedy: "look at gobgp neighbor, and at the underlay",
        }),
      );
    return verdict(check, findings, `${up.length} sessions are established`);
  });
}

export function targetsCheck({ daemon }: Facts): CheckRow {
  const check = "route-targets";
  return judging(check, daemon, ({ vnis }) => {
    const findings = vnis.flatMap(({ vni, importTargets, unmatched }) =>
      unmatched.map(
        ({ vtep, routeTargets, routes }): Finding => ({
          detail: `${routes} routes of ${vtep} for VNI ${vni} have the route targets ${routeTargets.join(", ") || "none"}, which nobody imports here (${importTargets.join(", ")})`,
          remedy: `import them (route-targets of the MAC-VRF), or export another at ${vtep}`,
        }),
      ),
    );
    return verdict(check, findings, "every route for a VNI of this leaf has a route target of its");
  });
}

export function distinguishersCheck({ daemon }: Facts): CheckRow {
  const check = "route-distinguishers";
  return judging(check, daemon, ({ sharedDistinguishers }) => {
    const findings = sharedDistinguishers.map(
      ({ routeDistinguisher, vteps }): Finding => ({
        detail: `${vteps.join(" and ")} use the same route distinguisher ${routeDistinguisher}: BGP takes their routes for one`,
        remedy: "give each VTEP a router id of its own, or a route-distinguisher per MAC-VRF",
      }),
    );
    return verdict(check, findings, "no two VTEPs share a route distinguisher");
  });
}

export function rowsCheck({ daemon }: Facts): CheckRow {
  const check = "rows";
  return judging(check, daemon, ({ tables }) => {
    const findings = tables.flatMap(({ table, retrying, unfit, reason }): Finding[] =>
      retrying + unfit === 0
        ? []
        : [
            {
              detail: `${retrying + unfit} rows of table ${table} can not be written (${reason})`,
              remedy: "roam explain of that MAC says more; those that may be are tried again",
            },
          ],
    );
    const wanted = tables.reduce((sum, each) => sum + each.wanted, 0);
    return verdict(check, findings, `all ${wanted} rows that are wanted stand`);
  });
}

/** By the daemon's time everything is told; it does not follow when the clock is set. */
export function clockCheck({ daemon, host }: Facts): CheckRow {
  const check = "clock";
  const findings: Finding[] = [];
  const off = daemon.found ? stepOf(daemon.value) : 0;
  if (Math.abs(off) >= STEP_MS) {
    findings.push({
      detail: `the clock was set by ${(off / 1000).toFixed(1)} s since roamd started: times it tells are off by that`,
      remedy: "restart roamd; nothing is lost by it",
    });
  }
  const synchronised: Found<boolean> = host.found ? host.value.synchronised : host;
  if (synchronised.found && !synchronised.value) {
    findings.push({
      detail: "the clock follows no other: what leaves tell of one move can not be compared",
      remedy: "run systemd-timesyncd or chrony",
    });
  }
  if (findings.length === 0 && !synchronised.found) return unknown(check, synchronised.why);
  return verdict(check, findings, "the clock follows others, and was not set since roamd started");
}

const STEP_MS = 1000;

function stepOf({ clock }: FactsRow): number {
  return clock.ofDay - clock.told;
}
