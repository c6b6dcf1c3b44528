/**
 * Of every notice an example, and several where its level depends on what is in it: what
 * `docs/notices.md` is made of. A kind without one does not compile. After a change:
 * `npm run generate:docs`.
 */
import type { AnyNotice } from "../../src/report/notices.ts";
import { DECISION_EXAMPLES } from "./decision-examples.ts";
import type { Examples } from "./examples.ts";
import { LINUX_EXAMPLES } from "./linux-examples.ts";

type Others = Exclude<
  AnyNotice["kind"],
  keyof typeof DECISION_EXAMPLES | keyof typeof LINUX_EXAMPLES
>;

const OTHER_EXAMPLES: Pick<Examples<AnyNotice>, Others> = {
  "gobgp-connected": [
    { address: "127.0.0.1:50051", api: "v4", asn: 65_000, routerId: "10.255.0.1" },
  ],
  "gobgp-disconnected": [{ address: "127.0.0.1:50051", reason: "connection refused" }],
  "dangerous-version": [
    {
      versions: "4.0 to 4.5",
      refused: true,
      reason: "it can not announce a MAC address without an IP address; gobgpd 4.6 can",
    },
    { versions: "3.10 to 3.26", refused: false, reason: "gobgpd 3.28 and later are good" },
  ],
  "rib-told": [{ macIpRoutes: 120, imetRoutes: 3, swept: 0, waitedFor: "end-of-rib" }],
  "path-malformed": [
    { reason: "label", neighbor: "10.255.0.100", route: "2:10.255.0.9:10:02:00:00:00:00:01" },
  ],
  "route-refused": [
    { route: "2:10.255.0.1:10:02:00:00:00:00:01", reason: "the speaker has not been started" },
  ],
  "row-failed": [
    { table: "fdb", row: "10|02:00:00:00:00:01", failure: "later", reason: "ENOBUFS" },
    { table: "fdb", row: "10|02:00:00:00:00:01", failure: "unfit", reason: "EINVAL" },
  ],
  "table-read": [
    { table: "fdb", cause: "gobgpd connected", rows: 120, wrong: 0 },
    { table: "fdb", cause: "netlink overrun", rows: 120, wrong: 2 },
  ],
  "rows-drifted": [{ table: "fdb", rows: 2 }],
  "table-unreadable": [{ table: "fdb", cause: "netlink overrun", reason: "ENOBUFS" }],
  "memory-read": [
    { memories: 120, damaged: 0 },
    { memories: 120, damaged: 1 },
  ],
  "memory-lost": [{ reason: "Cannot write /var/lib/roamd/memory: ENOSPC" }],
  "history-read": [{ happenings: 240, damaged: 0 }],
  "history-lost": [{ reason: "Cannot write /var/lib/roamd/history.jsonl: ENOSPC" }],
  "control-refused": [{ reason: "replayed", peer: "192.0.2.9" }],
};

export const NOTICE_EXAMPLES: Examples<AnyNotice> = {
  ...DECISION_EXAMPLES,
  ...LINUX_EXAMPLES,
  ...OTHER_EXAMPLES,
};
