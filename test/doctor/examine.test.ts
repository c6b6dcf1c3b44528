import { describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { type Facts, type HostFacts, routeKey } from "../../src/doctor/facts.ts";
import { DAEMON, facts, HOST, UPLINK, VNI, VXLAN, wrongOf } from "./facts.ts";

const { status } = DAEMON;
const vni = (more: Partial<typeof VNI>) => ({ vnis: [{ ...VNI, ...more }] });
const gobgp = (more: Partial<(typeof status)["gobgp"]>) => ({
  status: { ...status, gobgp: { ...status.gobgp, ...more } },
});
const links = (...value: (typeof VXLAN)[]) => ({ links: { found: true, value } as const });
const version = (value: string) => ({ gobgpVersion: { found: true, value } as const });

describe("The doctor", () => {
  it("finds nothing wrong where nothing is", () => {
    const checks = examine(facts(), undefined);
    expect(checks.filter(({ ok }) => ok !== true)).toEqual([]);
    expect(checks.every(({ remedy }) => remedy === null)).toBe(true);
    expect(new Set(checks.map(({ check }) => check)).size).toBe(checks.length);
  });

  const broken: readonly [what: string, check: string, given: Facts, words: string][] = [
    [
      "a daemon that is not ready, for GoBGP is away",
      "daemon",
      facts({ status: { ...status, ready: false, gobgp: { ...status.gobgp, connected: false } } }),
      "it waits for GoBGP",
    ],
    [
      "a daemon that has lost a capability",
      "capabilities",
      facts({ capabilities: "0000000000002000" }),
      "without CAP_NET_ADMIN",
    ],
    [
      "a speaker that is away",
      "gobgp-sessions",
      facts(gobgp({ connected: false })),
      "not be reached",
    ],
    ["a speaker without neighbors", "gobgp-sessions", facts(gobgp({ peers: [] })), "no neighbor"],
    [
      "a session that is down",
      "gobgp-sessions",
      facts(gobgp({ peers: [{ address: "10.0.0.9", asn: 1, state: "active" }] })),
      "10.0.0.9 (AS 1) is active",
    ],
    ["gobgpd 3.10", "gobgp-version", facts({}, version("3.10.0")), "crashes"],
    ["gobgpd 3.21", "gobgp-version", facts({}, version("3.21.0")), "quadratic"],
    ["gobgpd 3.26", "gobgp-version", facts({}, version("3.26.0")), "loses"],
    ["gobgpd 4.5", "gobgp-version", facts({}, version("4.5.0")), "can not announce a MAC"],
    [
      "an API that is open to the world",
      "gobgp-api",
      facts({}, { apiListeners: { found: true, value: ["::"] } }),
      "listens on ::",
    ],
    [
      "a VXLAN device that learns",
      "learning",
      facts(
        {},
        links(UPLINK, { ...VXLAN, vxlan: { vni: 10, local: "10.255.0.1", learning: true } }),
      ),
      "vxlan10 learns",
    ],
    [
      "a bridge that learns at the tunnel",
      "learning",
      facts({}, links(UPLINK, { ...VXLAN, portLearning: true })),
      "the bridge learns at vxlan10",
    ],
    [
      "a tunnel whose full frames do not fit the uplink",
      "mtu",
      facts({}, links(UPLINK, { ...VXLAN, mtu: 1500 })),
      "do not fit eth1 (1500)",
    ],
    [
      "a tunnel over IPv6, which needs 20 bytes more",
      "mtu",
      facts(
        {},
        links(UPLINK, { ...VXLAN, vxlan: { vni: 10, local: "2001:db8::1", learning: false } }),
      ),
      "with 70 bytes",
    ],
    [
      "a VTEP that is missing in the flood list",
      "flood-list",
      facts({}, { floods: new Map([[10, { found: true, value: [] }]]) }),
      "does not flood to 10.255.0.2",
    ],
    [
      "a VTEP that has MACs and sends no IMET route",
      "flood-list",
      facts(vni({ silent: ["10.255.0.3"] })),
      "10.255.0.3 has MACs in VNI 10 and sends no IMET route",
    ],
    [
      "a bridge that forgets hosts before they are asked",
      "ageing",
      facts(vni({ ageing: { bridgeSeconds: 60, leastSeconds: 150 } })),
      "br10 forgets a silent host after 60 s",
    ],
    [
      "a bridge that forgets hosts before ARP does",
      "ageing",
      facts({}, { arpSeconds: new Map([["br10", 400]]) }),
      "ARP entries of it end (400 s)",
    ],
    [
      "a bridge that learns nothing",
      "ageing",
      facts(vni({ ageing: { bridgeSeconds: 0, leastSeconds: 150 } })),
      "after 0 s",
    ],
    [
      "route targets that match nobody",
      "route-targets",
      facts(vni({ unmatched: [{ vtep: "10.255.0.2", routeTargets: ["65000:99"], routes: 7 }] })),
      "7 routes of 10.255.0.2 for VNI 10 have the route targets 65000:99",
    ],
    [
      "a route distinguisher of two VTEPs",
      "route-distinguishers",
      facts({
        sharedDistinguishers: [
          { routeDistinguisher: "1.1.1.1:10", vteps: ["10.255.0.1", "10.255.0.2"] },
        ],
      }),
      "10.255.0.1 and 10.255.0.2 use the same route distinguisher 1.1.1.1:10",
    ],
    [
      "rows that can not be written",
      "rows",
      facts({
        tables: [
          { table: "fdb", wanted: 3, retrying: 2, foreign: 0, unfit: 1, reason: "k: ENOBUFS" },
        ],
      }),
      "3 rows of table fdb can not be written (k: ENOBUFS)",
    ],
    [
      "rows that are somebody else's",
      "two-daemons",
      facts({
        tables: [
          { table: "fdb", wanted: 3, retrying: 0, foreign: 2, unfit: 0, reason: "k: foreign" },
        ],
      }),
      "2 rows of table fdb are somebody else's",
    ],
    [
      "FRR's zebra on the same VNI",
      "two-daemons",
      facts({}, { frr: { found: true, value: { vnis: [10, 20], routes: [] } } }),
      "FRR's zebra holds VNI 10",
    ],
    [
      "bridged frames in iptables",
      "bridge-nf-call-iptables",
      facts({}, { bridgeNetfilter: { found: true, value: { ipv4: true, ipv6: false } } }),
      "through iptables as well",
    ],
    [
      "docker's policy of FORWARD",
      "forward-policy",
      facts({}, { forward: { found: true, value: { policy: "DROP", rules: 4, docker: true } } }),
      "docker has set the policy of FORWARD to DROP",
    ],
    [
      "a clock that was set meanwhile",
      "clock",
      facts({ clock: { told: 1000, ofDay: 61_000 } }),
      "set by 60.0 s since roamd started",
    ],
    [
      "a clock that follows no other",
      "clock",
      facts({}, { synchronised: { found: true, value: false } }),
      "follows no other",
    ],
  ];
  for (const [what, check, given, words] of broken) {
    it(`finds ${what}, and says what to do`, () => {
      const wrong = wrongOf(given);
      expect(wrong[check]?.[0]).toContain(words);
      expect(wrong[check]?.[1]).toBeTruthy();
      if (check !== "daemon") expect(Object.keys(wrong)).toEqual([check]);
    });
  }

  it("has a test that makes each check fail", () => {
    const failing = new Set([...broken.map(([, check]) => check), "frr-routes"]);
    expect([...failing].sort()).toEqual(
      examine(facts(), undefined)
        .map(({ check }) => check)
        .sort(),
    );
  });

  it("finds routes that FRR beside has and GoBGP has not, and names some", () => {
    const key = (i: number) =>
      routeKey({ type: 2, rd: "10.0.0.3:2", mac: `02:00:00:00:00:0${i}`, ip: null });
    const routes = [1, 2, 3, 4, 5].map(key);
    const host = { frr: { found: true, value: { vnis: [], routes } } } as const;
    const [detail] = wrongOf(facts({}, host), new Set([key(1)]))["frr-routes"] ?? [""];
    expect(detail).toContain(key(2));
    expect(detail).toContain("and 1 more");
    expect(wrongOf(facts({}, host), new Set(routes))).toEqual({});
  });

  it("takes good versions for good, and does not judge one that it can not read", () => {
    for (const good of ["3.28.0", "3.37.0", "4.6.0", "4.10.1"]) {
      expect(wrongOf(facts({}, version(good))), good).toEqual({});
    }
    const check = examine(facts({}, version("devel")), undefined).find(
      (each) => each.check === "gobgp-version",
    );
    expect(check?.ok).toBeNull();
  });

  it("says what it can not tell of a daemon that does not answer, and goes on with the host", () => {
    const given: Facts = {
      daemon: { found: false, why: "Cannot reach roamd at /run/roamd/roamd.sock: ENOENT" },
      host: { found: true, value: { ...HOST, ...links(UPLINK, { ...VXLAN, mtu: 9000 }) } },
    };
    expect(Object.keys(wrongOf(given))).toEqual(["daemon", "mtu"]);
    const flood = examine(given, undefined).find(({ check }) => check === "flood-list");
    expect(flood).toMatchObject({ ok: null, remedy: null });
  });

  it("leaves the host alone where the daemon is on another machine", () => {
    const given: Facts = { ...facts(), host: { found: false, why: "elsewhere" } };
    const checks = examine(given, undefined);
    expect(checks.filter(({ ok }) => ok === false)).toEqual([]);
    expect(checks.find(({ check }) => check === "mtu")).toMatchObject({ ok: null });
    expect(checks.find(({ check }) => check === "route-targets")).toMatchObject({ ok: true });
  });

  const missing: readonly (keyof HostFacts)[] = [
    "links",
    "bridgeNetfilter",
    "forward",
    "apiListeners",
    "gobgpVersion",
    "frr",
    "synchronised",
  ];
  for (const name of missing) {
    it(`does not take ${name} for right where they can not be had`, () => {
      const given = facts({}, { [name]: { found: false, why: "Cannot run it" } });
      const checks = examine(given, undefined).filter(({ ok }) => ok !== true);
      expect(checks.length).toBeGreaterThan(0);
      for (const { ok, detail } of checks) expect([ok, detail]).toEqual([null, "Cannot run it"]);
    });
  }
});
