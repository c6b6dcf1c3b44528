/** Checks of GoBGP as it runs on this host, and of other EVPN daemons beside it. */
import type { CheckRow } from "../control/rows.ts";
import type { Facts } from "./facts.ts";
import { type Finding, fine, judging, unknown, verdict, wrong } from "./verdict.ts";

interface Danger {
  /** The first version, major and minor, that is not concerned; and the first that is. */
  readonly from: readonly [number, number];
  readonly before: readonly [number, number];
  readonly what: string;
}

/** By experiment and by GoBGP's change log. */
const DANGERS: readonly Danger[] = [
  {
    from: [0, 0],
    before: [3, 11],
    what: "it crashes on MAC/IP routes when a neighbor restarts gracefully, and takes quadratic time with many of them",
  },
  { from: [3, 11], before: [3, 22], what: "it takes quadratic time with many MAC/IP routes" },
  {
    from: [3, 22],
    before: [3, 28],
    what: "it loses MAC/IP routes of one MAC, or mixes up those of several VNIs",
  },
  {
    from: [4, 0],
    before: [4, 6],
    what: "it can not announce a MAC address without an IP address",
  },
];

export function versionCheck({ host }: Facts): CheckRow {
  const check = "gobgp-version";
  if (!host.found) return unknown(check, host.why);
  return judging(check, host.value.gobgpVersion, (version) => {
    const [major = Number.NaN, minor = Number.NaN] = version.split(".").map(Number);
    if (Number.isNaN(major) || Number.isNaN(minor)) {
      return unknown(check, `gobgpd says it is of version ${version}`);
    }
    const isBefore = ([a, b]: readonly [number, number]): boolean =>
      major < a || (major === a && minor < b);
    const danger = DANGERS.find(({ from, before }) => !isBefore(from) && isBefore(before));
    if (danger === undefined) return fine(check, `gobgpd ${version} has no known danger`);
    return wrong(
      check,
      `gobgpd ${version}: ${danger.what}`,
      "run gobgpd 3.28 to 3.37, or 4.6 or later",
    );
  });
}

export function apiCheck({ daemon, host }: Facts): CheckRow {
  const check = "gobgp-api";
  if (!host.found) return unknown(check, host.why);
  if (daemon.found && daemon.value.status.gobgp.address.startsWith("unix:")) {
    return fine(check, "GoBGP's API is a socket of this host");
  }
  return judging(check, host.value.apiListeners, (addresses) => {
    const open = addresses.filter((address) => !isLoopback(address));
    if (addresses.length === 0)
      return unknown(check, "nobody listens at its port in this namespace");
    if (open.length === 0)
      return fine(check, `GoBGP's API listens on ${addresses.join(", ")} alone`);
    return wrong(
      check,
      `GoBGP's API listens on ${open.join(", ")}: whoever gets there can change every route, and it asks nobody who he is`,
      "start gobgpd with --api-hosts 127.0.0.1:50051, or with a unix: address",
    );
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === "::1" || address.startsWith("::ffff:127.");
}

export function otherDaemonsCheck({ daemon, host }: Facts): CheckRow {
  const check = "two-daemons";
  return judging(check, daemon, ({ vnis, tables }) => {
    const frr = host.found && host.value.frr.found ? host.value.frr.value.vnis : [];
    const both = vnis.filter(({ vni }) => frr.includes(vni));
    const findings: Finding[] = [
      ...both.map(({ vni }) => ({
        detail: `FRR's zebra holds VNI ${vni} for its own as well: both write its forwarding entries`,
        remedy: "no advertise-all-vni in FRR's router bgp, address-family l2vpn evpn",
      })),
      ...tables.flatMap(({ table, foreign, reason }): Finding[] =>
        foreign === 0
          ? []
          : [
              {
                detail: `${foreign} rows of table ${table} are somebody else's (${reason})`,
                remedy:
                  "find who writes them (bridge monitor fdb), and stop him or exclude the MAC-VRF",
              },
            ],
      ),
    ];
    return verdict(check, findings, "nobody else works at the MAC-VRFs of this leaf");
  });
}

/** How many are named; the others are counted. */
const NAMED = 3;

export function frrRoutesCheck(
  { daemon, host }: Facts,
  gobgp: ReadonlySet<string> | undefined,
): CheckRow {
  const check = "frr-routes";
  if (!host.found) return unknown(check, host.why);
  if (!daemon.found) return unknown(check, daemon.why);
  return judging(check, host.value.frr, ({ routes }) => {
    if (routes.length === 0) return fine(check, "no FRR beside GoBGP has EVPN routes");
    const missing = routes.filter((key) => gobgp?.has(key) !== true);
    if (missing.length === 0)
      return fine(check, `GoBGP has all ${routes.length} routes that FRR has`);
    const named = missing.slice(0, NAMED).join(", ");
    const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
    return wrong(
      check,
      `FRR beside it has routes that GoBGP has not: ${named}${more}`,
      "look for 'unknown evpn subtype' in gobgpd's log: it drops whole updates for a community it does not know, as FRR sends with IPv6 neighbours that are routers (0x06 0x08)",
    );
  });
}
