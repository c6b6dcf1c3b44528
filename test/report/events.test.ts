import { describe, expect, it } from "vitest";
import { followedEvent, noticeEvent } from "../../src/report/events.ts";
import { tableNotices } from "../../src/report/table-notice.ts";
import { Timeline } from "../../src/report/timeline.ts";
import { fdb, LEAF2, letGo, MAC, moved, port, vtep } from "./fixtures.ts";

describe("An event", () => {
  it("is the notice, how loud it is, and its sentence", () => {
    expect(noticeEvent(letGo(LEAF2))).toEqual({
      ...letGo(LEAF2),
      level: "debug",
      text: "10.255.0.2 let go of MAC 02:00:00:00:00:01 in VNI 10",
    });
  });

  it("tells of a move that was followed how long it took", () => {
    const timeline = new Timeline();
    timeline.observeNotice(moved(port("eth1"), vtep(LEAF2)), 1000);
    const followed = timeline.observeWritten(
      { table: "fdb", kind: "put", row: fdb(LEAF2) },
      1002.34,
    );
    expect(followed && followedEvent(followed)).toMatchObject({
      kind: "followed",
      since: "1970-01-01T00:00:01.000Z",
      mac: MAC,
      text: "Followed MAC 02:00:00:00:00:01 in VNI 10 to 10.255.0.2 in 2.3 ms",
    });
  });
});

describe("What came of writing a table", () => {
  it("is told row by row where it failed, and as a whole where it was read", () => {
    const notices = tableNotices("fdb", {
      failed: [{ key: "10|02:00:00:00:00:01", kind: "unfit", reason: "EINVAL" }],
      reading: { kind: "read", cause: "overrun", rows: 3, wrong: 1 },
    });
    expect(notices).toEqual([
      {
        kind: "row-failed",
        table: "fdb",
        row: "10|02:00:00:00:00:01",
        failure: "unfit",
        reason: "EINVAL",
      },
      { kind: "table-read", table: "fdb", cause: "overrun", rows: 3, wrong: 1 },
    ]);
  });

  it("is told where it could not be read, and not at all where all went well", () => {
    const reading = { kind: "unreadable", cause: "start", reason: "closed" } as const;
    expect(tableNotices("flood", { failed: [], reading })).toEqual([
      { ...reading, kind: "table-unreadable", table: "flood" },
    ]);
    expect(tableNotices("flood", { failed: [], reading: undefined })).toEqual([]);
    expect(tableNotices("flood", { failed: [], reading: undefined, drifted: 2 })).toEqual([
      { kind: "rows-drifted", table: "flood", rows: 2 },
    ]);
  });
});
