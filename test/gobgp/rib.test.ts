import { describe, expect, it } from "vitest";
import type { GobgpNotice } from "../../src/gobgp/notice.ts";
import { Rib } from "../../src/gobgp/rib.ts";
import type { SpeakerPath } from "../../src/gobgp/speaker-path.ts";
import { imetRoutePath, macIpRoutePath, macIpRouteWithdraw } from "../../src/gobgp/write-route.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import { imetRoute, ip, macIpRoute, must } from "./routes.ts";

const there = ip("192.0.2.9");
const remote = macIpRoute({ nexthop: there });
const other = macIpRoute({ nexthop: there, ip: ip("198.51.100.1") });
const key = "192.0.2.1:100|0|02:00:00:00:01:01|";

function from(neighbor: string, path: SpeakerPath): SpeakerPath {
  return { ...path, neighbor, best: true };
}

const claim = (route = remote): SpeakerPath => from("192.0.2.254", must(macIpRoutePath(route)));
const withdraw = (route = remote): SpeakerPath => from("192.0.2.254", macIpRouteWithdraw(route));
const local = (route = macIpRoute()): SpeakerPath => from("<nil>", must(macIpRoutePath(route)));

function watched() {
  const news: Observation[] = [];
  const notices: GobgpNotice[] = [];
  const locals: (readonly [string, boolean])[] = [];
  const ended: string[] = [];
  const rib = new Rib({
    listener: { news: (each) => news.push(each), tell: (each) => notices.push(each) },
    onLocal: (id, seen) => locals.push([id.key, seen !== undefined]),
    onEndOfRib: (neighbor) => ended.push(neighbor),
  });
  rib.begin();
  return { rib, news, notices, locals, ended };
}

describe("A path of the watch", () => {
  it("of another speaker is a claim, and its withdraw ends it", () => {
    const { rib, news } = watched();
    rib.take(claim());
    rib.take(withdraw());
    expect(news).toEqual([
      { kind: "claimed", route: remote },
      { kind: "unclaimed", key },
    ]);
  });

  it("of type 3 says who wants flooded frames", () => {
    const { rib, news } = watched();
    const route = imetRoute({ nexthop: there });
    rib.take(from("192.0.2.254", must(imetRoutePath(route))));
    rib.take({
      ...from("192.0.2.254", must(imetRoutePath(route))),
      attributes: [],
      withdraw: true,
    });
    expect(news).toEqual([
      { kind: "flood-claimed", route },
      { kind: "flood-unclaimed", key: "192.0.2.1:100|0|192.0.2.1" },
    ]);
  });

  it("is counted once with all that stand of its type, however often it comes", () => {
    const { rib } = watched();
    const counts = (): readonly number[] => [rib.count("mac-ip-route"), rib.count("imet-route")];
    for (const route of [remote, remote, other]) rib.take(claim(route));
    const imet = must(imetRoutePath(imetRoute({ nexthop: there })));
    rib.take(from("192.0.2.254", imet));
    expect(counts()).toEqual([2, 1]);
    for (const route of [remote, remote]) rib.take(withdraw(route));
    expect(counts()).toEqual([1, 1]);
    rib.begin();
    rib.sweep();
    expect(counts()).toEqual([0, 0]);
  });

  it("that withdraws what was never there is passed over", () => {
    const { rib, news, notices } = watched();
    rib.take(withdraw());
    expect([news, notices]).toEqual([[], []]);
  });

  it("C1.28 is told even if it has our next hop: who it is from is not decided here", () => {
    const { rib, news } = watched();
    rib.take(claim(macIpRoute()));
    expect(news).toEqual([{ kind: "claimed", route: macIpRoute() }]);
  });

  it("that can not be read any more takes away what it has replaced", () => {
    const { rib, news, notices } = watched();
    rib.take(claim());
    rib.take({ ...claim(), attributes: [] });
    expect(news.at(-1)).toEqual({ kind: "unclaimed", key });
    expect(notices).toEqual([
      { kind: "path-malformed", reason: "attributes-missing", neighbor: "192.0.2.254", route: key },
    ]);
  });

  it("of another type of route is counted and nothing else", () => {
    const { rib, news, notices } = watched();
    rib.take({ ...claim(), nlri: { kind: "other" } });
    expect(news).toEqual([]);
    expect(notices).toMatchObject([{ kind: "path-malformed", reason: "route-type" }]);
  });

  it("of another family is not even counted", () => {
    const { rib, notices } = watched();
    rib.take({ ...claim(), evpn: false, nlri: { kind: "other" } });
    expect(notices).toEqual([]);
  });

  it("without a route is a neighbor's End-of-RIB, of EVPN only", () => {
    const { rib, ended } = watched();
    rib.take({ ...claim(), nlri: undefined, neighbor: "192.0.2.1" });
    rib.take({ ...claim(), nlri: undefined, neighbor: "192.0.2.2", evpn: false });
    expect(ended).toEqual(["192.0.2.1"]);
  });
});

describe("A path made on this speaker", () => {
  it.each(["", "<nil>", "invalid IP"])('is known by its neighbor "%s"', (neighbor) => {
    const { rib, locals } = watched();
    rib.take({ ...local(), neighbor });
    expect(locals).toEqual([[key, true]]);
  });

  it("is remembered while the watch begins, and only an echo later", () => {
    const { rib, news, locals } = watched();
    rib.take(local());
    rib.begun();
    rib.take(local(other));
    expect(news).toEqual([{ kind: "remembered", route: macIpRoute() }]);
    expect(locals).toHaveLength(2);
  });

  it("is not remembered again after a reconnect", () => {
    const { rib, news } = watched();
    rib.begun();
    rib.begin();
    rib.take(local());
    expect(news).toEqual([]);
  });

  it("is remembered if the connection broke before the first beginning was over", () => {
    const { rib, news } = watched();
    rib.begin();
    rib.take(local());
    expect(news).toHaveLength(1);
  });

  it("that goes is an echo of nothing", () => {
    const { rib, locals } = watched();
    rib.take(local());
    rib.take({ ...local(), withdraw: true });
    expect(locals).toEqual([
      [key, true],
      [key, false],
    ]);
  });

  it("hides another speaker's of the same name, which comes forth again when it goes", () => {
    const { rib, news, locals } = watched();
    rib.begun();
    rib.take(claim());
    rib.take(local());
    rib.take(claim());
    expect(news.map(({ kind }) => kind)).toEqual(["claimed", "unclaimed", "claimed"]);
    expect(locals).toEqual([
      [key, true],
      [key, false],
    ]);
  });
});

describe("After a reconnect", () => {
  it("nothing is taken away before the sweep, and then only what has not come back", () => {
    const { rib, news } = watched();
    rib.take(claim());
    rib.take(claim(other));
    rib.begin();
    expect(rib.unconfirmed).toBe(2);
    rib.take(claim());
    news.length = 0;
    expect(rib.sweep()).toBe(1);
    expect(news).toEqual([{ kind: "unclaimed", key: `${key}198.51.100.1` }]);
    expect(rib.sweep()).toBe(0);
  });

  it("what was withdrawn meanwhile is not taken away twice", () => {
    const { rib, news } = watched();
    rib.take(claim());
    rib.begin();
    rib.take(withdraw());
    rib.sweep();
    expect(news.filter(({ kind }) => kind === "unclaimed")).toHaveLength(1);
  });
});
