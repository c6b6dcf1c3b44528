/** The GoBGP edge against one real gobgpd, once for each version that can be had here. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { imetRouteKey } from "../../src/evpn/imet-route.ts";
import { type MacIpRoute, macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import type { SpeakerApi } from "../../src/gobgp/api.ts";
import { openApiV3 } from "../../src/gobgp/api-v3.ts";
import { openApiV4 } from "../../src/gobgp/api-v4.ts";
import { keepsBatchSize } from "../../src/gobgp/detect.ts";
import { Dump } from "../../src/gobgp/dump.ts";
import { openEndpoint } from "../../src/gobgp/endpoint.ts";
import { FakeGobgpd } from "../gobgp/fake-gobgpd.ts";
import { imetRoute, ip } from "../gobgp/routes.ts";
import { GOBGPD_VERSIONS, Gobgpd, type GobgpdOptions, gobgpdOf } from "./gobgp-daemon.ts";
import {
  API_1,
  LEAF_1,
  LEAF_2,
  Leaf,
  macOf,
  never,
  put,
  rdOf,
  remove,
  routeOf,
} from "./gobgp-leaf.ts";

for (const version of GOBGPD_VERSIONS) {
  const binary = gobgpdOf(version) ?? "";
  describe.skipIf(binary === "")(`With ${version.name}`, () => {
    const alone: GobgpdOptions = { binary, address: LEAF_1, apiHosts: API_1 };

    it("finds out the API, says who the speaker is, and does not wait without peers", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      expect(leaf.gobgp.status()).toEqual({
        address: API_1,
        api: version.api,
        connected: true,
        asn: 65_000,
        routerId: LEAF_1,
        peers: [],
      });
      expect(leaf.keeper.told("rib-told")).toMatchObject([{ waitedFor: "no-peers" }]);
    });

    it("speaks over a unix socket", async () => {
      const directory = mkdtempSync(join(tmpdir(), "roamd-gobgp-"));
      const socket = `unix:${directory}/api.sock`;
      await using daemon = new Gobgpd({ ...alone, apiHosts: `unix://${directory}/api.sock` });
      await daemon.start();
      await using leaf = new Leaf(socket);
      await leaf.told();
      expect(leaf.gobgp.status()).toMatchObject({ address: socket, connected: true });
      rmSync(directory, { recursive: true });
    });

    it("waits for BGP to be started, and does not start it", async () => {
      await using daemon = new Gobgpd({ ...alone, started: false });
      await daemon.start();
      await using leaf = new Leaf(API_1);
      const told = await leaf.keeper.until(() => leaf.keeper.told("gobgp-disconnected")[0]);
      expect(told.reason).toBe("BGP is not started on gobgpd");
      expect(leaf.keeper.of("speaker-up")).toEqual([]);
    });

    it("lists the routes it has put as they were put, and only those that are ours", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1, { ours: ({ rd }) => rd === rdOf(LEAF_1) });
      await leaf.told();
      const rows = [
        routeOf(LEAF_1, { mac: macOf(1) }),
        routeOf(LEAF_1, { mac: macOf(1), ip: ip("198.51.100.1") }),
        routeOf(LEAF_1, { mac: macOf(1), ip: ip("2001:db8::1") }),
        routeOf(LEAF_1, { mac: macOf(2), mobility: { seq: 0, sticky: false } }),
        routeOf(LEAF_1, { mac: macOf(3), mobility: { seq: 0xffff_ffff, sticky: true } }),
        routeOf(LEAF_1, { mac: macOf(4), defaultGateway: true, ip: ip("198.51.100.4") }),
      ];
      const foreign = routeOf(LEAF_2, { mac: macOf(9) });
      expect(await leaf.write(...[...rows, foreign].map(put))).toEqual([]);

      const sorted = async (): Promise<MacIpRoute[]> => (await leaf.list()).toSorted(byKey);
      await expect.poll(sorted).toEqual(rows.toSorted(byKey));
      const listed = await leaf.list();
      const { agree } = leaf.gobgp.drivers["mac-ip-route"];
      const driver = leaf.gobgp.drivers["mac-ip-route"];
      for (const row of rows) {
        const actual = listed.find((each) => macIpRouteKey(each) === macIpRouteKey(row));
        expect(actual !== undefined && agree.call(driver, row, actual)).toBe(true);
      }
    });

    it("puts, lists and removes an IMET route", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      const driver = leaf.gobgp.drivers["imet-route"];
      const row = imetRoute({ vni: 70_000 as never });
      const key = imetRouteKey(row);
      expect(await driver.write([{ kind: "put", key, row }], never)).toEqual([]);
      await expect.poll(() => driver.list(never)).toEqual(new Map([[key, row]]));
      expect(await driver.write([{ kind: "remove", key, row }], never)).toEqual([]);
      await expect.poll(() => driver.list(never)).toEqual(new Map());
    });

    it("finds a route put twice once, and removes one that is gone without complaint", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      const row = routeOf(LEAF_1, { mobility: { seq: 2, sticky: false } });
      expect(await leaf.write(put(row), put(row))).toEqual([]);
      await expect.poll(() => leaf.list()).toEqual([row]);
      expect(await leaf.write(remove(row))).toEqual([]);
      expect(await leaf.write(remove(row))).toEqual([]);
      await expect.poll(() => leaf.list()).toEqual([]);
    });

    it("removes only what it is told to remove", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      const rows = Array.from({ length: 60 }, (_, i) => routeOf(LEAF_1, { mac: macOf(i + 1) }));
      expect(await leaf.write(...rows.map(put))).toEqual([]);
      expect(await leaf.write(...rows.slice(0, 59).map(remove))).toEqual([]);
      await expect.poll(() => leaf.list()).toEqual([rows[59]]);
    });

    it("echoes its own routes, their change and their end, and tells them as no news", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      leaf.keeper.clear();
      const first = routeOf(LEAF_1, { mobility: { seq: 1, sticky: false } });
      const second = routeOf(LEAF_1, { mobility: { seq: 2, sticky: false } });
      await leaf.write(put(first));
      await leaf.write(put(second));
      await leaf.write(remove(second));
      const table = "mac-ip-route";
      const key = macIpRouteKey(first);
      await leaf.keeper.until(() => leaf.keeper.echoes.length >= 3);
      expect(leaf.keeper.echoes).toEqual([
        { table, key, row: first },
        { table, key, row: second },
        { table, key, row: undefined },
      ]);
      expect(leaf.keeper.observations).toEqual([]);
    });

    it("hears that somebody else has removed a route of ours", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await using somebody = new Leaf(API_1);
      await Promise.all([leaf.told(), somebody.told()]);
      const row = routeOf(LEAF_1);
      await leaf.write(put(row));
      await somebody.write(remove(row));
      await leaf.keeper.until(() => leaf.keeper.echoes.length >= 2);
      expect(leaf.keeper.echoes.at(-1)).toEqual({
        table: "mac-ip-route",
        key: macIpRouteKey(row),
        row: undefined,
      });
    });

    it.each(["127.0.0.1:50171", "unix"])("speaks TLS over %s", async (where) => {
      const directory = mkdtempSync(join(tmpdir(), "roamd-gobgp-"));
      const { ca, certificate, key } = certificates(directory);
      const isUnix = where === "unix";
      const flags = ["--tls", "--tls-cert-file", certificate, "--tls-key-file", key];
      if (version.suite !== "bookworm") flags.push("--tls-client-ca-file", ca);
      const apiHosts = isUnix ? `unix://${directory}/api.sock` : where;
      await using daemon = new Gobgpd({ ...alone, apiHosts, flags });
      await daemon.start();
      const tls = { ca, certificate, key, serverName: "leaf1.example.net" };
      const address = isUnix ? `unix:${directory}/api.sock` : where;
      await using leaf = new Leaf(address, { tls });
      await leaf.told();
      expect(leaf.gobgp.status()).toMatchObject({ connected: true });

      await using stranger = new Leaf(address, { tls: { ...tls, serverName: "leaf2" } });
      const told = await stranger.keeper.until(() => stranger.keeper.told("gobgp-disconnected")[0]);
      expect(told.reason).toContain("does not match certificate");
      rmSync(directory, { recursive: true });
    });

    it("remembers the routes of a former life, once", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      const row = routeOf(LEAF_1, { mobility: { seq: 5, sticky: false } });
      {
        await using former = new Leaf(API_1);
        await former.told();
        await former.write(put(row));
      }
      await using leaf = new Leaf(API_1);
      await leaf.told();
      expect(leaf.keeper.of("remembered")).toEqual([{ kind: "remembered", route: row }]);
      await expect.poll(() => leaf.list()).toEqual([row]);
    });

    it("finds the one route that gobgpd refuses among fifty, and writes the others", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      const seq = (number: number) => ({ mobility: { seq: number, sticky: false } });
      await leaf.write(put(routeOf(LEAF_1, { mac: macOf(7), ...seq(9) })));
      const rows = Array.from({ length: 50 }, (_, i) =>
        routeOf(LEAF_1, { mac: macOf(i + 1), ...seq(3) }),
      );
      const failures = await leaf.write(...rows.map(put));
      expect(failures).toMatchObject([{ key: put(rows[6] ?? routeOf(LEAF_1)).key, kind: "later" }]);
      expect(leaf.keeper.of("seq-refused")).toEqual([
        { kind: "seq-refused", vni: 100, mac: macOf(7), seq: 3 },
      ]);
      await expect.poll(async () => (await leaf.list()).length).toBe(50);
    });

    it("says by the size of its messages where what stands ends", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      const open = version.api === "v3" ? openApiV3 : openApiV4;
      const api = open(openEndpoint(API_1, undefined), Date.now);
      let standing = 0;
      for (const size of [0, 1, 2, 5, 6, 7, 8, 9, 12]) {
        const rows = Array.from({ length: size - standing }, (_, i) =>
          routeOf(LEAF_1, { mac: macOf(standing + i + 1) }),
        );
        expect(await leaf.write(...rows.map(put))).toEqual([]);
        standing = size;
        expect(await dumpedBy(api, 3)).toBe(size);
      }
      api.close();
    });

    it("tells a gobgpd before 3.27 by its watch, and warns of it", async () => {
      await using daemon = new Gobgpd(alone);
      await daemon.start();
      await using leaf = new Leaf(API_1);
      await leaf.told();
      await leaf.write(...[1, 2, 3].map((n) => put(routeOf(LEAF_1, { mac: macOf(n) }))));
      const isOld = version.suite === "bookworm";
      const open = version.api === "v3" ? openApiV3 : openApiV4;
      const api = open(openEndpoint(API_1, undefined), Date.now);
      expect(await keepsBatchSize(api, never)).toBe(!isOld);
      api.close();
      if (!isOld) return;
      await leaf.keeper.until(() => leaf.keeper.told("dangerous-version")[0]);
      expect(leaf.keeper.told("dangerous-version")).toMatchObject([
        { versions: "3.10 to 3.26", refused: false },
      ]);
    });

    it.runIf(version === GOBGPD_VERSIONS.at(-1))(
      "notices a gobgpd that hangs, and takes it up again when it does not",
      async () => {
        await using daemon = new Gobgpd(alone);
        await daemon.start();
        await using leaf = new Leaf(API_1);
        await leaf.told();
        daemon.signal("SIGSTOP");
        await leaf.keeper.until(() => leaf.keeper.of("speaker-down")[0], 20_000);
        daemon.signal("SIGCONT");
        await leaf.keeper.until(() => leaf.keeper.of("speaker-up")[1]);
      },
    );
  });
}

describe("With a gobgpd that is exchanged under us", () => {
  const binaries = GOBGPD_VERSIONS.map((version) => ({ ...version, binary: gobgpdOf(version) }));
  const v3 = binaries.find(({ api, binary }) => api === "v3" && binary !== undefined)?.binary;
  const v4 = binaries.find(({ api, binary }) => api === "v4" && binary !== undefined)?.binary;

  it.skipIf(v3 === undefined || v4 === undefined)("the API is found out anew", async () => {
    await using daemon = new Gobgpd({ binary: v3 ?? "", address: LEAF_1, apiHosts: API_1 });
    await daemon.start();
    await using leaf = new Leaf(API_1);
    await leaf.told();
    expect(leaf.gobgp.status().api).toBe("v3");

    for (const [binary, api] of [[v4, "v4"] as const, [v3, "v3"] as const]) {
      leaf.keeper.clear();
      await daemon.kill();
      await daemon.start(binary);
      await leaf.told();
      expect(leaf.gobgp.status().api).toBe(api);
      expect(await leaf.write(put(routeOf(LEAF_1)))).toEqual([]);
      await expect.poll(() => leaf.list()).toEqual([routeOf(LEAF_1)]);
    }
  });
});

/** How many paths have come when a watch with this size of messages seems to have told all. */
async function dumpedBy(api: SpeakerApi, batchSize: number): Promise<number> {
  const end = new AbortController();
  const dump = new Dump(batchSize);
  let paths = 0;
  const onPaths = (length: number): void => {
    if (dump.isOver) return;
    paths += length;
    dump.came(length);
  };
  const watch = api.watch(
    { batchSize, onPath: () => {}, onPaths, onPeerChange: () => {} },
    end.signal,
  );
  await Promise.race([dump.over, watch]);
  end.abort();
  await watch.catch(() => {});
  return paths;
}

function byKey(a: MacIpRoute, b: MacIpRoute): number {
  return macIpRouteKey(a) < macIpRouteKey(b) ? -1 : 1;
}

describe("With a gobgpd whose watch stays silent", () => {
  it("the connection is given up, and tried again", async () => {
    await using daemon = new FakeGobgpd();
    daemon.onWatch = () => {};
    await daemon.start();
    await using leaf = new Leaf(daemon.address);
    const told = await leaf.keeper.until(() => leaf.keeper.told("gobgp-disconnected")[0]);
    expect(told.reason).toBe("the watch of gobgpd's table is silent");
    await leaf.keeper.until(() => leaf.keeper.of("speaker-up")[1]);
  });
});

/** A certificate for both sides, signed by itself. */
function certificates(directory: string) {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  const name = ["-subj", "/CN=roamd", "-addext", "subjectAltName=DNS:leaf1.example.net"];
  const files = ["-keyout", key, "-out", certificate];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, ...name, ...files], { stdio: "ignore" });
  return { ca: certificate, certificate, key };
}
