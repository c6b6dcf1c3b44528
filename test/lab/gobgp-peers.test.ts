/** The GoBGP edge of two leaves whose real gobgpds peer with each other, for each version. */
import { describe, expect, it } from "vitest";
import { imetRouteKey } from "../../src/evpn/imet-route.ts";
import { macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { imetRoute } from "../gobgp/routes.ts";
import { GOBGPD_VERSIONS, Gobgpd, gobgpdOf } from "./gobgp-daemon.ts";
import {
  API_1,
  API_2,
  LEAF_1,
  LEAF_2,
  Leaf,
  macOf,
  never,
  Pair,
  pairOf,
  put,
  rdOf,
  remove,
  routeOf,
  vtep2,
} from "./gobgp-leaf.ts";

for (const version of GOBGPD_VERSIONS) {
  const binary = gobgpdOf(version) ?? "";
  describe.skipIf(binary === "")(`Between two ${version.name}`, () => {
    it("tells the other leaf's claims, their change and their end at once", async () => {
      await using pair = await Pair.start(binary);
      const { leaf1, leaf2 } = pair;
      const { keeper } = leaf2;
      const first = routeOf(LEAF_1);
      const moved = routeOf(LEAF_1, { mobility: { seq: 8, sticky: true } });
      const flood = imetRoute({ rd: rdOf(LEAF_1) });

      await leaf1.write(put(first));
      await keeper.until(() => keeper.of("claimed").length === 1);
      await leaf1.write(put(moved));
      await keeper.until(() => keeper.of("claimed").length === 2);
      await leaf1.write(remove(moved));
      await keeper.until(() => keeper.of("unclaimed").length === 1);
      expect(keeper.of("claimed").map(({ route }) => route)).toEqual([first, moved]);
      expect(keeper.of("unclaimed")).toEqual([{ kind: "unclaimed", key: macIpRouteKey(first) }]);

      const key = imetRouteKey(flood);
      await leaf1.gobgp.drivers["imet-route"].write([{ kind: "put", key, row: flood }], never);
      await keeper.until(() => keeper.of("flood-claimed").length === 1);
      expect(keeper.of("flood-claimed")).toEqual([{ kind: "flood-claimed", route: flood }]);
      await leaf1.gobgp.drivers["imet-route"].write([{ kind: "remove", key, row: flood }], never);
      await keeper.until(() => keeper.of("flood-unclaimed").length === 1);
      expect(keeper.told("path-malformed")).toEqual([]);
      await expect
        .poll(() => leaf2.gobgp.status().peers)
        .toEqual([{ address: LEAF_1, asn: 65_000, state: "established" }]);
    });

    it("learns that gobgpd has refused a number, none being 0, for another leaf's claim", async () => {
      await using pair = await Pair.start(binary);
      const { leaf1, leaf2 } = pair;
      await leaf2.write(put(routeOf(LEAF_2, { mobility: { seq: 7, sticky: false } })));
      await leaf1.keeper.until(() => leaf1.keeper.of("claimed")[0]);

      const { mac, vni } = routeOf(LEAF_1);
      expect(await leaf1.write(put(routeOf(LEAF_1)))).toMatchObject([{ kind: "later" }]);
      expect(leaf1.keeper.of("seq-refused")).toEqual([{ kind: "seq-refused", vni, mac, seq: 0 }]);

      const tooLow = put(routeOf(LEAF_1, { mobility: { seq: 3, sticky: false } }));
      expect(await leaf1.write(tooLow)).toMatchObject([{ kind: "later" }]);
      expect(leaf1.keeper.of("seq-refused").at(-1)).toMatchObject({ seq: 3 });
      expect(await leaf1.write(remove(routeOf(LEAF_1)))).toEqual([]);
      const enough = put(routeOf(LEAF_1, { mobility: { seq: 8, sticky: false } }));
      expect(await leaf1.write(enough)).toEqual([]);
    });

    it("C1.28 tells another leaf's route under our own RD, once ours is out of its way", async () => {
      await using pair = await Pair.start(binary);
      const { leaf1, leaf2 } = pair;
      const ours = routeOf(LEAF_1, { mobility: { seq: 1, sticky: false } });
      const theirs = { ...ours, nexthop: vtep2, mobility: { seq: 9, sticky: false } };
      await leaf2.write(put(theirs));
      await leaf1.keeper.until(() => leaf1.keeper.of("claimed")[0]);
      expect(leaf1.keeper.of("claimed")).toEqual([{ kind: "claimed", route: theirs }]);
    });

    it("knows all that stands before it says so, however much it is", async () => {
      await using pair = await Pair.start(binary);
      const { leaf1 } = pair;
      const rows = Array.from({ length: 2000 }, (_, i) => routeOf(LEAF_1, { mac: macOf(i + 1) }));
      expect(await leaf1.write(...rows.map(put))).toEqual([]);
      await pair.leaf2.keeper.until(() => pair.leaf2.keeper.of("claimed").length === 2000, 80_000);
      await using leaf2 = new Leaf(API_2);
      await leaf2.told();
      const kinds = leaf2.keeper.observations.map(({ kind }) => kind);
      expect(kinds.slice(0, kinds.indexOf("told"))).toEqual([
        "speaker-up",
        ...Array(2000).fill("claimed"),
      ]);
      expect(leaf2.keeper.told("rib-told")).toMatchObject([
        { macIpRoutes: 2000, waitedFor: "peer-established" },
      ]);
    });

    it("is back after kill -9 of gobgpd with the same routes and numbers", async () => {
      await using pair = await Pair.start(binary);
      const { daemon1, leaf1, leaf2 } = pair;
      const ours = routeOf(LEAF_1, { mobility: { seq: 4, sticky: false } });
      const stays = routeOf(LEAF_2, { mac: macOf(2) });
      const goes = routeOf(LEAF_2, { mac: macOf(3) });
      await leaf1.write(put(ours));
      await leaf2.write(put(stays), put(goes));
      const { keeper } = leaf1;
      await keeper.until(() => keeper.of("claimed").length === 2);
      keeper.clear();

      await daemon1.kill("SIGKILL");
      await keeper.until(() => keeper.of("speaker-down")[0]);
      await leaf2.write(remove(goes));
      await daemon1.start();
      await keeper.until(() => keeper.resyncs.length === 2);
      await expect.poll(() => leaf1.list()).toEqual([]);
      expect(await leaf1.write(put(ours))).toEqual([]);
      await expect.poll(() => leaf1.list()).toEqual([ours]);

      await keeper.until(() => keeper.told("rib-told")[0], 80_000);
      expect(keeper.observations).toEqual([
        { kind: "speaker-down" },
        expect.objectContaining({ kind: "speaker-up" }),
        { kind: "claimed", route: stays },
        { kind: "unclaimed", key: macIpRouteKey(goes) },
        { kind: "told", source: "rib" },
      ]);
      expect(keeper.told("rib-told")).toMatchObject([{ swept: 1 }]);
    });

    it.skipIf(version.suite === "bookworm")(
      "takes a peer's End-of-RIB for its last word",
      async () => {
        const [one, two] = pairOf(binary, true);
        await using daemon1 = new Gobgpd(one);
        await using daemon2 = new Gobgpd(two);
        await Promise.all([daemon1.start(), daemon2.start()]);
        await using leaf1 = new Leaf(API_1);
        await leaf1.told();
        expect(leaf1.keeper.told("rib-told")).toMatchObject([{ waitedFor: "end-of-rib" }]);
      },
    );
    it.runIf(version === GOBGPD_VERSIONS.at(-1))(
      "does not wait for ever for a peer that is not there",
      async () => {
        const [one] = pairOf(binary);
        await using daemon = new Gobgpd(one);
        await daemon.start();
        await using leaf = new Leaf(API_1);
        await leaf.told();
        expect(leaf.keeper.told("rib-told")).toMatchObject([{ waitedFor: "time" }]);
      },
    );
  });
}
