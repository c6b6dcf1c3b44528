/**
 * The stories behind the recordings, by the name of their folder. A folder without a story holds a
 * recording from the field: there the file is all there is.
 */
import type { IpAddress } from "../../src/evpn/ip.ts";
import { A, adv, B, C, I4, I6, ip, M, M2, mac, port, VNI } from "../mobility/leaf.ts";
import type { Story } from "./story.ts";

const NINE: IpAddress = ip("192.0.2.9");
const TEN: IpAddress = ip("192.0.2.10");
const ELEVEN: IpAddress = ip("192.0.2.11");
const M3 = mac("02:00:00:00:00:03");
const VIP = ip("10.0.0.100");

export const STORIES: Readonly<Record<string, Story>> = {
  "first-move-from-frr": {
    tell: (leaf) => {
      leaf.starts();
      leaf.hears(adv(B));
      leaf.hears(adv(B, { ip: I4 }));
      leaf.sees();
      leaf.sees({ ip: I4, signal: "arp-request" });
      leaf.hearsWithdrawn(adv(B, { ip: I4 }));
      leaf.hearsWithdrawn(adv(B));
    },
  },

  return: {
    tell: (leaf) => {
      leaf.starts();
      leaf.sees({ ip: I4 });
      leaf.hears(adv(B, { seq: 1 }));
      leaf.hears(adv(B, { ip: I4, seq: 1 }));
      leaf.sees({ ip: I4 });
      leaf.hearsWithdrawn(adv(B, { seq: 1 }));
      leaf.hearsWithdrawn(adv(B, { ip: I4, seq: 1 }));
    },
  },

  "tie-of-nine-and-ten": {
    vtep: TEN,
    tell: (leaf) => {
      leaf.starts();
      leaf.hears(adv(B, { seq: 0 }));
      leaf.sees();
      leaf.hears(adv(ELEVEN, { seq: 1 }));
      leaf.hears(adv(NINE, { seq: 1 }));
      leaf.hearsWithdrawn(adv(B, { seq: 0 }));
      leaf.hearsWithdrawn(adv(ELEVEN, { seq: 1 }));
    },
  },

  "sticky-violated": {
    domains: new Map([
      [
        VNI,
        {
          routes: { rd: undefined, imports: undefined, exports: undefined },
          sticky: new Map([[M, [I4]]]),
        },
      ],
    ]),
    tell: (leaf) => {
      leaf.starts();
      leaf.sees();
      leaf.hears(adv(B, { seq: 7 }));
      leaf.hears(adv(B, { mac: M2, sticky: true }));
      leaf.sees({ mac: M2 });
      leaf.hearsWithdrawn(adv(B, { mac: M2, sticky: true }));
      leaf.sees({ mac: M2 });
    },
  },

  "duplicate-frozen-and-recovered": {
    duplicates: { moves: 3, windowMs: 10_000, recoverAfterMs: 60_000 },
    tell: (leaf) => {
      leaf.starts();
      for (const seq of [0, 2, 4]) {
        leaf.hears(adv(B, { seq }));
        leaf.sees();
      }
      leaf.sees({ ip: I4 });
      leaf.after(90_000);
      leaf.hears(adv(C, { mac: M2 }));
    },
  },

  "duplicate-cleared-by-hand": {
    duplicates: { moves: 2 },
    tell: (leaf) => {
      leaf.starts();
      for (const seq of [0, 2]) {
        leaf.hears(adv(B, { seq }));
        leaf.sees();
      }
      leaf.observe({ kind: "duplicate-cleared", vni: undefined, address: M2 });
      leaf.observe({ kind: "duplicate-cleared", vni: VNI, address: M });
    },
  },

  "vip-failover": {
    duplicates: { moves: 3 },
    tell: (leaf) => {
      leaf.starts();
      leaf.sees({ mac: M, ip: I4 });
      leaf.hears(adv(B, { mac: M2 }));
      leaf.sees({ mac: M, ip: VIP });
      let seq = 0;
      for (let failover = 0; failover < 3; failover++) {
        seq = leaf.highestSeq(M) + 1;
        leaf.hears(adv(B, { mac: M2, seq }));
        leaf.hears(adv(B, { mac: M2, ip: VIP, seq }));
        leaf.sees({ mac: M, ip: VIP });
        leaf.hearsWithdrawn(adv(B, { mac: M2, ip: VIP, seq }));
      }
    },
  },

  "ip-to-another-mac-with-many-ips": {
    tell: (leaf) => {
      leaf.starts();
      leaf.sees({ mac: M2, ip: I6 });
      leaf.sees({ mac: M2, ip: ip("10.0.0.2") });
      leaf.hears(adv(B, { seq: 4 }));
      leaf.hears(adv(B, { ip: I4, seq: 4 }));
      leaf.sees({ mac: M2, ip: I4 });
      leaf.hearsWithdrawn(adv(B, { ip: I4, seq: 4 }));
    },
  },

  "restart-with-stale-bridge-table": {
    tell: (leaf) => {
      leaf.boots();
      leaf.hears(adv(B, { mac: M2, seq: 5 }));
      leaf.hears(adv(B, { mac: M3, seq: 5 }));
      leaf.observe({ kind: "remembered", route: adv(A, { seq: 3 }) });
      leaf.observe({ kind: "remembered", route: adv(A, { ip: I4, seq: 3 }) });
      leaf.observe({ kind: "remembered", route: adv(A, { mac: M2, seq: 4 }) });
      leaf.told("rib");
      for (const found of [M, M2, M3]) leaf.sees({ mac: found });
      leaf.told("kernel");
      leaf.told("packets");
      leaf.sees({ mac: M3, ip: ip("10.0.0.3") });
    },
  },

  "withdrawal-before-and-after-the-claim": {
    tell: (leaf) => {
      leaf.starts();
      for (const of of [M, M2]) leaf.hears(adv(B, { mac: of, seq: 1 }));
      leaf.hearsWithdrawn(adv(B, { mac: M, seq: 1 }));
      leaf.hears(adv(C, { mac: M, seq: 2 }));
      leaf.hears(adv(C, { mac: M2, seq: 2 }));
      leaf.hearsWithdrawn(adv(B, { mac: M2, seq: 1 }));
      leaf.observe({ kind: "port-down", vni: VNI, port: port("p1") });
    },
  },
};
