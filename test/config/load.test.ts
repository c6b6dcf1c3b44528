import { describe, expect, it } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { defaultConfig } from "../../src/config/schema.ts";
import { provisionOf } from "../../src/settings.ts";

function load(text: string): Config {
  const loaded = loadConfig(text, "leaf.yaml");
  if (!loaded.ok) throw new Error(loaded.error.map((mistake) => mistake.message).join("\n"));
  return loaded.value;
}

function messages(text: string): readonly string[] {
  const loaded = loadConfig(text, "leaf.yaml");
  return loaded.ok ? [] : loaded.error.map((mistake) => mistake.message);
}

/** The one message, without what is the same in all. */
function complaint(text: string): string | undefined {
  const all = messages(text);
  expect(all).toHaveLength(1);
  return all[0]?.replace(/^Cannot read leaf\.yaml:\d+: /, "");
}

describe("A configuration in which nothing is said", () => {
  it.each(["", "# nothing\n", "---\n", "{}", "gobgp:\nmobility: {}\n", "gobgp: {tls: {ca: }}"])(
    "%j is the default",
    (text) => {
      expect(load(text)).toEqual(defaultConfig);
    },
  );

  it("finds everything by itself", () => {
    expect(defaultConfig).toEqual({
      gobgp: { address: "127.0.0.1:50051", tls: undefined },
      control: { socket: "/run/roamd/roamd.sock", mode: 0o660, group: undefined, tcp: undefined },
      http: undefined,
      state: "/var/lib/roamd",
      keepOnExit: false,
      macVrfs: "discover",
      mobility: {
        duplicates: {
          moves: 5,
          windowMs: 180_000,
          action: "freeze",
          recoverAfterMs: 1_800_000,
          exempt: ["00:00:5e:00:01:*", "00:00:5e:00:02:*"],
        },
        sequenceOnPortMove: false,
      },
      hosts: {
        probe: { idleMs: 120_000, attempts: 3, intervalMs: 1000 },
        limits: { macsPerPort: 1024, ipsPerMac: 32, framesPerSecond: 2000 },
        guard: "warn",
        linkLocal: "advertise",
      },
      dataPlane: {
        suppression: true,
        unknownTargets: "flood",
        redirectMs: 10_000,
        membershipQueries: true,
      },
    });
  });
});

describe("A configuration in which something is said", () => {
  it("changes that, and leaves the rest as it is", () => {
    expect(load("mobility: {duplicates: {moves: 9}}").mobility).toEqual({
      ...defaultConfig.mobility,
      duplicates: { ...defaultConfig.mobility.duplicates, moves: 9 },
    });
  });

  it.each(["127.0.0.1:50052", "[::1]:50052", "localhost:50052"])(
    "lets the control API be on %s for all of this machine",
    (listen) => {
      expect(load(`control: {listen: "${listen}"}`).control.tcp).toEqual({
        address: listen,
        tls: undefined,
        keyFile: undefined,
      });
    },
  );

  it("lets those who have the key use the control API from anywhere", () => {
    expect(load('control: {listen: "0.0.0.0:50052", key-file: /etc/k}').control.tcp).toEqual({
      address: "0.0.0.0:50052",
      tls: undefined,
      keyFile: "/etc/k",
    });
  });

  it("reads addresses into their canonical form", () => {
    const [vrf] = load(`
      mac-vrfs:
        - vni: 10
          sticky: [{mac: 02:AA:00:00:00:01, ip: ["2001:DB8:0::1", 192.0.2.1]}]
          route-targets: {import: [0.65000:10]}
          prefixes: [192.0.2.0/24, "2001:DB8:0::/64"]
    `).macVrfs;
    expect(vrf).toEqual({
      vni: 10,
      vxlan: undefined,
      bridge: undefined,
      settings: { rd: undefined, imports: ["0.65000:10"], exports: undefined },
      excludePorts: [],
      sticky: [{ mac: "02:aa:00:00:00:01", ips: ["2001:db8::1", "192.0.2.1"] }],
      prefixes: ["192.0.2.0/24", "2001:db8::/64"],
    });
  });

  it("provisions with what is said, and with names after the VNI", () => {
    const provisioned = load(`
      mac-vrfs:
        - {vni: 10, provision: true, local: 10.255.0.1, ports: [eth2]}
        - {vni: 20, bridge: lan, provision: true, mtu: 9430}
        - {vni: 30}
    `);
    expect(provisionOf(provisioned)).toEqual([
      { vni: 10, vxlan: "vxlan10", bridge: "br10", local: "10.255.0.1", ports: ["eth2"] },
      { vni: 20, vxlan: "vxlan20", bridge: "lan", mtu: 9430, ports: [] },
    ]);
  });

  it.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["2m", 120_000],
    ["0", 0],
    ["0s", 0],
  ])("reads the duration %s", (text, ms) => {
    expect(load(`data-plane: {redirect: ${text}}`).dataPlane.redirectMs).toBe(ms);
  });

  it("reads a duplicate that never recovers as one without a time", () => {
    const { duplicates } = load("mobility: {duplicates: {recover-after: 0}}").mobility;
    expect(duplicates.recoverAfterMs).toBeUndefined();
  });

  it.each([
    "127.0.0.1:50051",
    "gobgp.example.net:50051",
    "[::1]:50051",
    "unix:/run/gobgp/api.sock",
  ])("takes %s for gobgpd", (address) => {
    expect(load(`gobgp: {address: "${address}"}`).gobgp.address).toBe(address);
  });
});

describe("A mistake", () => {
  it.each([
    ["mac-vrfs: [{vni: 16777216}]", "mac-vrfs[0].vni 16777216 is above 16777215"],
    ["mac-vrfs: [{vni: 0}]", "mac-vrfs[0].vni 0 is below 1"],
    ["mac-vrfs: [{vni: 1.5}]", "mac-vrfs[0].vni 1.5 is not a whole number"],
    ['mac-vrfs: [{vni: "10"}]', 'mac-vrfs[0].vni "10" is not a number'],
    ["mac-vrfs: [{vxlan: vxlan10}]", "mac-vrfs[0].vni is missing"],
    ["mac-vrfs: [10]", "mac-vrfs[0] 10 is not a mapping"],
    ["mac-vrfs: all", 'mac-vrfs "all" is neither discover nor a list'],
    ["mac-vrfs: {vni: 10}", "mac-vrfs a mapping is neither discover nor a list"],
    [
      "mac-vrfs: [{vni: 10, vxlan: a-name-that-is-too-long}]",
      'mac-vrfs[0].vxlan "a-name-that-is-too-long" is not the name of an interface',
    ],
    [
      "mac-vrfs: [{vni: 10, route-distinguisher: '4200000001:70000'}]",
      'mac-vrfs[0].route-distinguisher "4200000001:70000" is not a route distinguisher: 70000 is above 65535',
    ],
    [
      "mac-vrfs: [{vni: 10, route-targets: {import: [nobody]}}]",
      'mac-vrfs[0].route-targets.import[0] "nobody" is not a route target',
    ],
    [
      "mac-vrfs: [{vni: 10, route-targets: {export: []}}]",
      "mac-vrfs[0].route-targets.export a list is empty: leave it out, or list at least one",
    ],
    [
      "mac-vrfs: [{vni: 10, sticky: [{mac: 01:00:5e:00:00:01}]}]",
      'mac-vrfs[0].sticky[0].mac "01:00:5e:00:00:01" can not be a host\'s (mac-multicast)',
    ],
    [
      "mac-vrfs: [{vni: 10, sticky: [{mac: 02:00:00:00:00:01, ip: [127.0.0.1]}]}]",
      'mac-vrfs[0].sticky[0].ip[0] "127.0.0.1" can not be a host\'s (ip-loopback)',
    ],
    ["mac-vrfs: [{vni: 10, sticky: [{}]}]", "mac-vrfs[0].sticky[0].mac is missing"],
    ["mac-vrfs: [{vni: 10, mtu: 1450}]", "mac-vrfs[0].mtu 1450 is only for provision: true"],
    ["mobility: {duplicates: {moves: 1}}", "mobility.duplicates.moves 1 is below 2"],
    ["mobility: {duplicates: {moves: 2.5}}", "mobility.duplicates.moves 2.5 is not a whole number"],
    [
      "mobility: {duplicates: {window: 180}}",
      "mobility.duplicates.window 180 is not a duration such as 500ms, 10s, 3m or 1h",
    ],
    ["mobility: {duplicates: {window: 2h}}", 'mobility.duplicates.window "2h" is above 1h'],
    [
      "mobility: {duplicates: {recover-after: 1s}}",
      'mobility.duplicates.recover-after "1s" is below 30s (0: not before it is cleared by hand)',
    ],
    [
      "mobility: {duplicates: {exempt: ['00:00:5e']}}",
      'mobility.duplicates.exempt[0] "00:00:5e" is not a MAC address, whole or with a star as in 00:00:5e:00:01:*',
    ],
    [
      "mobility: {sequence-on-port-move: yes}",
      'mobility.sequence-on-port-move "yes" is not true or false',
    ],
    ["hosts: {guard: stict}", 'hosts.guard "stict" is not one of off, warn, strict'],
    ["hosts: {link-local: no}", 'hosts.link-local "no" is not one of advertise, ignore'],
    ["hosts: {gard: strict}", "hosts.gard is unknown: did you mean guard?"],
    ["mac_vrfs: discover", "mac_vrfs is unknown: did you mean mac-vrfs?"],
    ["hosts: {xyz: 1}", "hosts.xyz is unknown: allowed are probe, limits, guard, link-local"],
    ["mac-vrfs: [{vni: 10, vxlam: a}]", "mac-vrfs[0].vxlam is unknown: did you mean vxlan?"],
    ["hosts: [1]", "hosts a list is not a mapping"],
    ["- 1", "a list is not a mapping"],
    ["control: {mode: 0660}", "control.mode 660 is not text (quotes make it so)"],
    ['control: {mode: "0888"}', 'control.mode "0888" is not three octal digits such as "0660"'],
    [
      'control: {listen: "192.0.2.1:50052"}',
      'control.listen "192.0.2.1:50052" can be reached by others: give control.tls or control.key-file as well',
    ],
    [
      'control: {listen: "[::]:50052"}',
      'control.listen "[::]:50052" can be reached by others: give control.tls or control.key-file as well',
    ],
    [
      'control: {listen: "127.evil.example:50052"}',
      'control.listen "127.evil.example:50052" can be reached by others: give control.tls or control.key-file as well',
    ],
    [
      "control: {key-file: /etc/roamd/shared.key}",
      'control.key-file "/etc/roamd/shared.key" is for TCP, and there is no control.listen',
    ],
    [
      'control: {listen: "127.0.0.1:1", tls: {ca: /a, key: /b}}',
      "control.tls.certificate is missing",
    ],
    ["control: {socket: roamd.sock}", 'control.socket "roamd.sock" is not an absolute path'],
    ["http: 9479", "http 9479 is not text (quotes make it so)"],
    ["http: localhost:70000", 'http "localhost:70000" has a port above 65535'],
    ["http: ::1:9479", 'http "::1:9479" is not host:port or [IPv6 address]:port'],
    [
      "gobgp: {address: unix:api.sock}",
      'gobgp.address "unix:api.sock" is not unix: and an absolute path',
    ],
    [
      "gobgp: {address: localhost}",
      'gobgp.address "localhost" is neither host:port nor unix:/path',
    ],
    [
      "gobgp: {tls: {certificate: /etc/roamd/roamd.pem}}",
      "gobgp.tls a mapping has certificate or key alone: give both or none",
    ],
    ["state: *nowhere", "Unresolved alias (the anchor must be set before the alias): nowhere"],
  ])("%s is told as: %s", (text, expected) => {
    expect(complaint(text)).toBe(expected);
  });

  it("is told with file, line and column, what was given and what is allowed", () => {
    const loaded = loadConfig(
      "mac-vrfs:\n  - vxlan: vxlan10\n    vni: 16777216\n",
      "configs/leaf.yaml",
    );
    expect(loaded).toEqual({
      ok: false,
      error: [
        {
          file: "configs/leaf.yaml",
          line: 3,
          column: 10,
          path: "mac-vrfs[0].vni",
          value: "16777216",
          reason: "is above 16777215",
          message: "Cannot read configs/leaf.yaml:3: mac-vrfs[0].vni 16777216 is above 16777215",
        },
      ],
    });
  });

  it("is told together with all the others, in the order of the file", () => {
    expect(
      messages(`
gobgp: {adress: "127.0.0.1:50051"}
mac-vrfs:
  - vni: 10
    vxlan: vxlan10
  - vni: 10
    vxlan: vxlan10
    route-targets: {import: [x]}
    sticky: [{mac: 02:00:00:00:00:01}, {mac: 02:00:00:00:00:01}]
hosts: {guard: never}
hosts: {}
`),
    ).toEqual([
      "Cannot read leaf.yaml:2: gobgp.adress is unknown: did you mean address?",
      "Cannot read leaf.yaml:6: mac-vrfs[1].vni 10 is in entry 0 already",
      'Cannot read leaf.yaml:7: mac-vrfs[1].vxlan "vxlan10" is in entry 0 already',
      'Cannot read leaf.yaml:8: mac-vrfs[1].route-targets.import[0] "x" is not a route target',
      'Cannot read leaf.yaml:9: mac-vrfs[1].sticky[1].mac "02:00:00:00:00:01" is in entry 0 already',
      "Cannot read leaf.yaml:11: hosts is given twice",
    ]);
  });

  it("is no VXLAN device that several entries share, each with a VLAN of its own", () => {
    const shared = (vlan: number): string =>
      `  - {vni: ${10_000 + vlan}, vxlan: vxlan0, vlan: ${vlan}}\n`;
    expect(messages(`mac-vrfs:\n${shared(10)}${shared(20)}`)).toEqual([]);
    expect(
      messages("mac-vrfs:\n  - {vni: 1, vxlan: vxlan0}\n  - {vni: 2, vxlan: vxlan0}\n"),
    ).toEqual(['Cannot read leaf.yaml:3: mac-vrfs[1].vxlan "vxlan0" is in entry 0 already']);
  });

  it("of YAML is told with its line, and nothing is guessed from the rest", () => {
    expect(messages("http: 9479\ngobgp: [1,\nhosts: {guard: x}\n")).toEqual([
      expect.stringMatching(/^Cannot read leaf\.yaml:3: not YAML: /),
    ]);
  });

  it("of which a file has a thousand costs a thousand lines", () => {
    const entries = Array.from({ length: 1000 }, () => "  - {vni: x}\n").join("");
    expect(messages(`mac-vrfs:\n${entries}`)).toHaveLength(1000 + 999);
  });

  it("does not bring control characters or endless text into the message", () => {
    expect(complaint(`http: "a\\n\\e[31m${"x".repeat(200)}"`)).toMatch(
      /^http "a\\n\\u001b\[31mx+… is not host:port/,
    );
  });

  it("is no way to fill the memory by aliases", () => {
    const bomb =
      "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*b,*b,*b,*b]\n";
    expect(messages(bomb).length).toBeGreaterThan(0);
  });

  it.each(["__proto__: {http: 1}", "constructor: 1", "? [a, b]\n: 1", "? {a: 1}\n: 2", "1: 2"])(
    "%j is an unknown key like any other",
    (text) => {
      expect(messages(text)).toHaveLength(1);
    },
  );
});
