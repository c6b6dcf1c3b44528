import { status } from "@grpc/grpc-js";
import { describe, expect, it, vi } from "vitest";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { codecV4 } from "../../src/gobgp/codec-v4.ts";
import { type Path, PeerState_SessionState } from "../../src/gobgp/generated/v4/gobgp.ts";
import { type GobgpOptions, openGobgp } from "../../src/gobgp/speaker.ts";
import { macIpRoutePath } from "../../src/gobgp/write-route.ts";
import { FakeGobgpd, type PeersCall, type WatchCall } from "./fake-gobgpd.ts";
import { Keeper } from "./keeper.ts";
import { ip, macIpRoute, must } from "./routes.ts";

function speaking(given: Partial<GobgpOptions>) {
  const keeper = new Keeper();
  const options = { address: "", tls: undefined, ours: () => true, now: Date.now, ...given };
  const gobgp = openGobgp(options, keeper);
  void gobgp.run(new AbortController().signal);
  return { keeper, gobgp };
}

function puts(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const row = macIpRoute({ ip: ip(`198.51.100.${i + 1}`) });
    return { kind: "put", key: macIpRouteKey(row), row } as const;
  });
}

const macOf = (path: Path): string | undefined =>
  path.nlri?.nlri?.$case === "evpnMacadv" ? path.nlri.nlri.value.ipAddress : undefined;
const never = new AbortController().signal;

describe("A speaker that can not be used", () => {
  it.each([
    ["an address without a port", { address: "localhost" }, 'Cannot use "localhost" as address'],
    ["a relative socket", { address: "unix:api.sock" }, 'Cannot use "unix:api.sock" as address'],
    [
      "a certificate that is not there",
      {
        address: "127.0.0.1:1",
        tls: { ca: "/nowhere.pem", certificate: undefined, key: undefined, serverName: undefined },
      },
      "Cannot read /nowhere.pem: ENOENT",
    ],
    ["a port where nobody listens", { address: "127.0.0.1:1" }, "ECONNREFUSED"],
  ])("is told once, with the reason: %s", async (_, given, reason) => {
    const { keeper, gobgp } = speaking(given);
    await using _gobgp = gobgp;
    const told = await keeper.until(() => keeper.told("gobgp-disconnected")[0]);
    expect(told.reason).toContain(reason);
    expect(gobgp.status()).toMatchObject({ connected: false, api: undefined, peers: [] });
  });

  it("is one that is not gobgpd at all", async () => {
    await using server = new FakeGobgpd();
    await server.start({ services: false });
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    const told = await keeper.until(() => keeper.told("gobgp-disconnected")[0]);
    expect(told.reason).toContain("The server there is not gobgpd");
  });

  it("is gobgpd 4.0 to 4.5, which can not parse a route without an IP address", async () => {
    await using server = new FakeGobgpd();
    server.refuse = (paths) =>
      paths.some((path) => macOf(path) === "")
        ? { code: status.UNKNOWN, details: 'ParseAddr(""): unable to parse IP' }
        : undefined;
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;

    const told = await keeper.until(() => keeper.told("gobgp-disconnected")[0]);
    expect(told.reason).toContain("Cannot use gobgpd 4.0 to 4.5");
    expect(keeper.told("dangerous-version")).toMatchObject([{ refused: true }]);
    expect(keeper.of("speaker-up")).toEqual([]);
    expect(server.written).toEqual([]);
  });

  it("is one that says of its table what can not be read", async () => {
    await using server = new FakeGobgpd();
    server.onWatch = (call) => {
      call.write({ event: { $case: "peer", value: {} } });
      // A table of five bytes, of which one is there.
      call.write(Buffer.from([0x1a, 5, 0x12]));
    };
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    const told = await keeper.until(() => keeper.told("gobgp-disconnected")[0]);
    expect(told.reason).toContain("Cannot read what gobgpd tells of its table: ");
  });

  it("is one on which BGP is not started, until it is", async () => {
    await using server = new FakeGobgpd();
    server.asn = 0;
    server.routerId = "invalid IP";
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;

    const told = await keeper.until(() => keeper.told("gobgp-disconnected")[0]);
    expect(told.reason).toBe("BGP is not started on gobgpd");
    server.asn = 65_000;
    server.routerId = "192.0.2.1";
    await keeper.until(() => keeper.of("told")[0]);
    expect(keeper.of("speaker-up")).toMatchObject([{ speaker: { asn: 65_000 } }]);
    expect(keeper.told("gobgp-disconnected")).toHaveLength(1);
  });
});

describe("A connection", () => {
  it("tells who the speaker is, has the tables read again, and tells the RIB", async () => {
    await using server = new FakeGobgpd();
    const route = macIpRoute({ nexthop: ip("192.0.2.9") });
    const path = codecV4.encode({ ...must(macIpRoutePath(route)), neighbor: "192.0.2.254" }, 0);
    const nothing = { ...path, nlri: undefined, pattrs: [] };
    server.onWatch = (call) =>
      call.write({ event: { $case: "table", value: { paths: [nothing, path] } } });
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;

    await keeper.until(() => keeper.told("rib-told")[0]);
    expect(keeper.observations).toEqual([
      { kind: "speaker-up", speaker: { asn: 65_000, routerId: "192.0.2.1" } },
      { kind: "claimed", route },
      { kind: "told", source: "rib" },
    ]);
    expect(keeper.resyncs).toEqual(["mac-ip-route", "imet-route"]);
    expect(keeper.told("rib-told")).toMatchObject([{ macIpRoutes: 1, waitedFor: "no-peers" }]);
    expect(gobgp.status()).toMatchObject({ connected: true, api: "v4", asn: 65_000 });
  });

  it("is given up when gobgpd has become another speaker", async () => {
    await using server = new FakeGobgpd();
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    await keeper.until(() => keeper.of("told")[0]);

    server.asn = 65_001;
    await keeper.until(() => keeper.of("speaker-up")[1]);
    expect(keeper.of("speaker-down")).toHaveLength(1);
    expect(keeper.told("gobgp-disconnected")[0]?.reason).toBe(
      "gobgpd is another speaker now: AS 65001, router id 192.0.2.1",
    );
  });

  it("tells the peers as they are after the last change, though they were being read at it", async () => {
    await using server = new FakeGobgpd();
    const watching: WatchCall[] = [];
    const asked: PeersCall[] = [];
    server.onWatch = (call) => {
      watching.push(call);
      call.write({ event: { $case: "table", value: { paths: [] } } });
    };
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    await keeper.until(() => keeper.of("told")[0]);

    server.onPeers = (call) => asked.push(call);
    const answer = (call: PeersCall | undefined, sessionState: PeerState_SessionState): void => {
      const state = { neighborAddress: "192.0.2.254", peerAsn: 65_000, sessionState };
      call?.write({ peer: { conf: undefined, state, timers: undefined } });
      call?.end();
    };
    const change = (): void => {
      watching[0]?.write({ event: { $case: "peer", value: {} } });
    };
    change();
    await vi.waitUntil(() => asked.length === 1);
    change();
    change();
    // What comes after the changes is there, and so are they.
    const route = macIpRoute({ nexthop: ip("192.0.2.9") });
    const path = codecV4.encode({ ...must(macIpRoutePath(route)), neighbor: "192.0.2.254" }, 0);
    watching[0]?.write({ event: { $case: "table", value: { paths: [path] } } });
    await keeper.until(() => keeper.of("claimed")[0]);

    answer(asked[0], PeerState_SessionState.SESSION_STATE_OPENCONFIRM);
    await vi.waitUntil(() => asked.length === 2);
    expect(gobgp.status().peers).toMatchObject([{ state: "openconfirm" }]);
    answer(asked[1], PeerState_SessionState.SESSION_STATE_ESTABLISHED);
    await vi.waitUntil(() => gobgp.status().peers[0]?.state === "established");
  });

  it("ends with the signal, and says that the speaker is gone", async () => {
    await using server = new FakeGobgpd();
    await server.start();
    const keeper = new Keeper();
    const options = { address: server.address, tls: undefined, ours: () => true, now: Date.now };
    const gobgp = openGobgp(options, keeper);
    const stop = new AbortController();
    const running = gobgp.run(stop.signal);
    await keeper.until(() => keeper.of("told")[0]);

    stop.abort();
    await running;
    expect(keeper.observations.at(-1)).toEqual({ kind: "speaker-down" });
    expect(keeper.told("gobgp-disconnected")).toEqual([]);
  });
});

describe("The drivers", () => {
  it("have a call open before there is anything to say", async () => {
    await using server = new FakeGobgpd();
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    await keeper.until(() => keeper.of("told")[0]);
    // By the first one it was found out whether gobgpd can be used.
    await vi.waitUntil(() => server.opened === 2);
    expect(server.written).toHaveLength(1);

    expect(await gobgp.drivers["mac-ip-route"].write(puts(1), never)).toEqual([]);
    expect([server.opened, server.written.length]).toEqual([2, 2]);
    await vi.waitUntil(() => server.opened === 3);
  });

  it("fail for now while there is no gobgpd", async () => {
    const { gobgp } = speaking({ address: "127.0.0.1:1" });
    await using _gobgp = gobgp;
    const driver = gobgp.drivers["mac-ip-route"];
    await expect(driver.list(never)).rejects.toThrow("Cannot list routes: no gobgpd");
    expect(await driver.write(puts(2), never)).toMatchObject([
      { kind: "later", reason: expect.stringContaining("no gobgpd") },
      { kind: "later" },
    ]);
  });

  it("find the ones that are refused among many, and write the others in their order", async () => {
    await using server = new FakeGobgpd();
    const bad = new Set(["198.51.100.3", "198.51.100.30"]);
    server.refuse = (paths) =>
      paths.some((path) => bad.has(macOf(path) ?? ""))
        ? { code: status.UNKNOWN, details: "that one I do not like" }
        : undefined;
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    await keeper.until(() => keeper.of("told")[0]);
    server.written.length = 0;

    const changes = puts(50);
    const failures = await gobgp.drivers["mac-ip-route"].write(changes, never);
    expect(failures.map(({ key, kind }) => [key, kind])).toEqual([
      [changes[2]?.key, "later"],
      [changes[29]?.key, "later"],
    ]);
    const expected = changes.map(({ row }) => row.ip).filter((address) => !bad.has(address ?? ""));
    expect(server.written.flat().map(macOf)).toEqual(expected);
    expect(keeper.told("route-refused")).toHaveLength(2);
  });

  it("do not search for a culprit where gobgpd itself is in trouble", async () => {
    await using server = new FakeGobgpd();
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    await keeper.until(() => keeper.of("told")[0]);
    let asked = 0;
    server.refuse = () => {
      asked++;
      return { code: status.UNKNOWN, details: "bgp server hasn't started yet" };
    };
    const failures = await gobgp.drivers["mac-ip-route"].write(puts(10), never);
    expect(failures.map(({ kind }) => kind)).toEqual(Array(10).fill("later"));
    expect([asked, keeper.told("route-refused")]).toEqual([1, []]);
  });

  it("do not send what is not fit, and say so", async () => {
    await using server = new FakeGobgpd();
    await server.start();
    const { keeper, gobgp } = speaking({ address: server.address });
    await using _gobgp = gobgp;
    await keeper.until(() => keeper.of("told")[0]);
    server.written.length = 0;
    const row = macIpRoute({ routeTargets: [] });
    const change = { kind: "put", key: macIpRouteKey(row), row } as const;

    expect(await gobgp.drivers["mac-ip-route"].write([change], never)).toEqual([
      {
        key: change.key,
        kind: "unfit",
        reason: `Cannot announce ${change.key}: it has no route target`,
      },
    ]);
    expect(server.written).toEqual([]);
  });
});
