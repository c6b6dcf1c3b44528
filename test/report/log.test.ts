import { describe, expect, it } from "vitest";
import { createLog, LINES_PER_SECOND, type LogOptions, NoticeLog } from "../../src/report/log.ts";
import { LEAF2, letGo, MAC, moved, port, vtep } from "./fixtures.ts";

const START = Date.parse("2026-01-02T03:04:05.006Z");
const notice = moved(vtep(LEAF2), port("eth1"), { seq: 3 });

function logAt(level: LogOptions["level"]): { log: NoticeLog; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const to = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { log: new NoticeLog(createLog({ level, now: () => START, to })), lines };
}

describe("The log", () => {
  it("writes a notice as one JSON line: the facts as fields, and a sentence", () => {
    const { log, lines } = logAt("info");
    log.tell(notice, START);
    expect(lines).toEqual([
      {
        level: "info",
        time: "2026-01-02T03:04:05.006Z",
        kind: "moved",
        vni: 10,
        mac: MAC,
        ips: ["192.0.2.1"],
        from: { kind: "vtep", vtep: LEAF2 },
        to: { kind: "port", port: "eth1" },
        seq: 3,
        signal: "gratuitous-arp",
        msg: expect.stringContaining("went from 10.255.0.2 to port eth1"),
      },
    ]);
  });

  it("leaves out what is below its level", () => {
    const { log, lines } = logAt("info");
    log.tell(letGo(LEAF2), START);
    expect(lines).toEqual([]);
  });

  it("limits the lines of one kind in a second, and says how many are missing", () => {
    const { log, lines } = logAt("info");
    for (let i = 0; i < LINES_PER_SECOND + 5; i++) log.tell(notice, START + i);
    log.tell({ kind: "ready" }, START + 30);
    log.tell(notice, START + 1000);
    log.tell(notice, START + 1001);

    expect(lines.filter(({ kind }) => kind === "moved")).toHaveLength(LINES_PER_SECOND + 2);
    expect(lines.map(({ suppressed }) => suppressed).filter(Boolean)).toEqual([5]);
    expect(lines.at(-2)).toMatchObject({ kind: "moved", suppressed: 5 });
    expect(lines.some(({ kind }) => kind === "ready")).toBe(true);
  });

  it("limits nothing at debug, which is asked for", () => {
    const { log, lines } = logAt("debug");
    for (let i = 0; i < 2 * LINES_PER_SECOND; i++) log.tell(letGo(LEAF2), START);
    expect(lines).toHaveLength(2 * LINES_PER_SECOND);
  });
});
