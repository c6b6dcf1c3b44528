/** Opening the kernel, and what it tells of links and hosts as they come and go. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Kernel } from "../../src/linux/kernel.ts";
import { addPort, clearLinks, makeSegment, requireOwnNamespace, run, sh } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

let recorder: Recorder;
let kernel: Kernel | undefined;

beforeAll(requireOwnNamespace);
beforeEach(() => {
  recorder = new Recorder();
});
afterEach(async () => {
  await kernel?.[Symbol.asyncDispose]();
  kernel = undefined;
  clearLinks();
});

describe("openKernel()", () => {
  it("tells segments, ports and hosts, then that it has told all", async () => {
    makeSegment();
    kernel = await open(recorder);
    console.log(JSON.stringify(recorder.observations), JSON.stringify(recorder.notices));
    addPort(10, "p3");
    await recorder.until(() => recorder.of("port-up").some((o) => o.port === "p3"));
  });
});
