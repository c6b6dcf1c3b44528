import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { kernelRow, OWN_PROTOCOL, OWN_STATE, ZERO_MAC } from "../../src/linux/ownership.ts";
import {
  type Neighbour,
  NeighbourExtFlag,
  NeighbourFlag,
  NeighbourState,
} from "../../src/wire/netlink-neighbour.ts";

const mac = "02:00:00:00:00:0a" as MacAddress;
const dst = "10.0.0.2" as IpAddress;
const { reachable, stale, noarp, permanent, failed, incomplete } = NeighbourState;
const { extLearned, self, sticky } = NeighbourFlag;

const anything: Neighbour = {
  gone: false,
  family: "bridge",
  ifindex: 5,
  state: reachable,
  flags: 0,
  extFlags: 0,
  mac,
  dst: undefined,
  vlan: 0,
  vni: undefined,
  sourceVni: undefined,
  underlay: undefined,
  nexthopGroup: undefined,
  master: undefined,
  protocol: 0,
};

describe("A bridge's entry", () => {
  const entry = (settings: Partial<Neighbour> = {}): string | undefined =>
    kernelRow({ ...anything, master: 3, ...settings })?.kind;

  it("is learned, fixed by somebody, or put from outside the kernel", () => {
    expect([reachable, stale, 0].map((state) => entry({ state }))).toEqual(
      Array.from({ length: 3 }, () => "learned"),
    );
    expect([noarp, permanent].map((state) => entry({ state }))).toEqual(["fixed", "fixed"]);
    expect(entry({ flags: extLearned })).toBe("outside");
  });

  it("is sticky or not, and put from outside is static only if it is; else somebody has put it over", () => {
    const put = (flags: number, state: number): unknown =>
      kernelRow({ ...anything, master: 3, flags, state });
    expect(put(extLearned | sticky, noarp)).toMatchObject({ kind: "outside", sticky: true });
    expect(put(extLearned, reachable)).toMatchObject({ kind: "outside", sticky: false });
    expect(put(extLearned, noarp)).toMatchObject({ kind: "fixed", sticky: false });
    expect(put(sticky, noarp)).toMatchObject({ kind: "fixed", sticky: true });
  });

  it("is no host's while its port is locked", () => {
    expect(entry({ extFlags: NeighbourExtFlag.locked })).toBeUndefined();
  });

  it("of a VLAN is of another network; so is the copy that a bridge without VLANs has in VLAN 1", () => {
    const bridges = [0, 1, 20].map((vlan) => kernelRow({ ...anything, master: 3, vlan }));
    expect(bridges).toMatchObject([{ bridge: "3" }, { bridge: "3.1" }, { bridge: "3.20" }]);
  });
});

describe("A VXLAN device's entry", () => {
  const ownerOf = (settings: Partial<Neighbour>): string | undefined => {
    const row = kernelRow({ ...anything, dst, ...settings });
    return row !== undefined && "owner" in row ? `${row.kind} ${row.owner}` : row?.kind;
  };
  const flags = self | extLearned;

  it("is ours if it has our mark", () => {
    expect(ownerOf({ flags, state: OWN_STATE })).toBe("tunnel us");
    expect(ownerOf({ flags, state: OWN_STATE, mac: ZERO_MAC })).toBe("flood us");
  });

  it("is FRR's, or an operator's, or the kernel's own", () => {
    expect(ownerOf({ flags, state: reachable })).toBe("tunnel other");
    expect(ownerOf({ flags, state: noarp })).toBe("tunnel other");
    expect(ownerOf({ flags: self, state: OWN_STATE })).toBe("tunnel other");
    expect(ownerOf({ flags: self, state: permanent })).toBe("tunnel other");
    expect(ownerOf({ flags: self, state: reachable })).toBe("tunnel kernel");
    expect(ownerOf({ flags: self, state: permanent, mac: ZERO_MAC })).toBe("flood other");
  });

  it("without a destination is an address the device listens to, and nothing to us", () => {
    expect(ownerOf({ flags: self, state: permanent, dst: undefined })).toBeUndefined();
  });
});

describe("A neighbour", () => {
  const ownerOf = (settings: Partial<Neighbour>): string | undefined => {
    const row = kernelRow({ ...anything, family: "ipv4", dst, ...settings });
    return row?.kind === "neighbour" ? row.owner : row?.kind;
  };

  it("is ours by our number, not by the way it was put", () => {
    expect(ownerOf({ flags: extLearned, state: noarp, protocol: OWN_PROTOCOL })).toBe("us");
    expect(ownerOf({ flags: extLearned, state: noarp, protocol: 11 })).toBe("other");
    expect(ownerOf({ flags: extLearned, state: noarp })).toBe("other");
    expect(ownerOf({ state: permanent })).toBe("other");
    expect(ownerOf({ state: reachable })).toBe("kernel");
  });

  it("that nobody has answered for is none; but its end is told", () => {
    expect(ownerOf({ state: failed })).toBeUndefined();
    expect(ownerOf({ state: incomplete })).toBeUndefined();
    expect(ownerOf({ state: failed, gone: true })).toBe("kernel");
  });
});
