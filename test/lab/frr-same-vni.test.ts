/** FRR holds a VNI (`advertise-all-vni`) that roamd would take as well: roamd says so, and keeps off. */
import { describe, expect, it } from "vitest";
import { inRepository } from "../../labs/runner/repository.ts";
import { withScene } from "./fabric.ts";

describe("roamd beside an FRR that holds the same VNI", () => {
  const scene = withScene();

  it("is told by FRR's own rows that they are FRR's", async () => {
    const main = inRepository("dist/src/main.js");
    const roamd = ["node", main, "--observe-only", "--gobgp", "127.0.0.1:1"];
    const paths = ["--control", "/run/beside.sock", "--state", "/run/beside"];
    const { stdout } = await scene().fabric.exec("leaf3", ["timeout", "5", ...roamd, ...paths]);
    const kinds = stdout.split("\n").flatMap((line) => /"kind":"([^"]+)"/.exec(line)?.[1] ?? []);
    expect(kinds).toContain("device-of-frr");
    // What was taken for a MAC-VRF before its rows were read is none after it.
    expect(kinds.filter((kind) => kind.startsWith("segment-")).at(-1)).not.toBe("segment-up");
  });
});
