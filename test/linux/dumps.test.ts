/** Whole tables of the kernel: who reads them together, and who does not. */
import { describe, expect, it } from "vitest";
import type { IpAddress } from "../../src/evpn/ip.ts";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { RowDumps, type RowReader } from "../../src/linux/dumps.ts";
import type { NetlinkClient } from "../../src/linux/netlink-client.ts";
import { MessageWriter, readMessages } from "../../src/wire/netlink.ts";
import { NeighbourFlag, NeighbourState, writeNeighbour } from "../../src/wire/netlink-neighbour.ts";

/** A kernel with one forwarding entry, which tells of it when it is let. */
class SlowKernel {
  dumps = 0;
  readonly #waiting: ((error: Error | undefined) => void)[] = [];

  readonly dump: NetlinkClient["dump"] = async (_, visit) => {
    this.dumps++;
    const error = await new Promise<Error | undefined>((resolve) => this.#waiting.push(resolve));
    if (error !== undefined) throw error;
    for (const message of readMessages(entry()).messages) visit(message);
  };

  async answers(error?: Error): Promise<void> {
    await begun();
    this.#waiting.shift()?.(error);
    await begun();
  }
}

function entry(): Uint8Array {
  const writer = new MessageWriter();
  writeNeighbour(writer, {
    action: "put",
    family: "bridge",
    ifindex: 7,
    state: NeighbourState.reachable,
    flags: NeighbourFlag.self,
    mac: "02:00:00:00:00:01" as MacAddress,
    dst: "10.0.0.2" as IpAddress,
    protocol: 0,
  });
  return writer.finish();
}

function reader(): RowReader & { readonly messages: string[] } {
  const messages: string[] = [];
  return {
    messages,
    read: ({ mac }) => messages.push(String(mac)),
    ignored: (reason) => messages.push(reason),
  };
}

function begun(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

describe("A dump", () => {
  it("is read by all who ask before it has begun", async () => {
    const kernel = new SlowKernel();
    const dumps = new RowDumps(kernel);
    const [one, other] = [reader(), reader()];
    const both = [dumps.read("bridge", one), dumps.read("bridge", other)];
    await kernel.answers();
    await Promise.all(both);
    expect(kernel.dumps).toBe(1);
    expect(one.messages).toHaveLength(1);
    expect(other.messages).toEqual(one.messages);
  });

  it("is not joined when it is under way, nor by who asks for another table", async () => {
    const kernel = new SlowKernel();
    const dumps = new RowDumps(kernel);
    const [one, late, other] = [reader(), reader(), reader()];
    const first = dumps.read("bridge", one);
    await begun();
    const second = dumps.read("bridge", late);
    const third = dumps.read("ipv4", other);
    await kernel.answers();
    await first;
    expect([one, late, other].map(({ messages }) => messages.length)).toEqual([1, 0, 0]);
    await kernel.answers();
    await kernel.answers();
    await Promise.all([second, third]);
    expect(kernel.dumps).toBe(3);
    expect([one, late, other].map(({ messages }) => messages.length)).toEqual([1, 1, 1]);
  });

  it("that fails fails for all who wait for it, and for nobody else", async () => {
    const kernel = new SlowKernel();
    const dumps = new RowDumps(kernel);
    const both = [dumps.read("bridge", reader()), dumps.read("bridge", reader())];
    const outcomes = Promise.allSettled(both);
    await kernel.answers(new Error("EPERM"));
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const again = dumps.read("bridge", reader());
    await kernel.answers();
    await again;
  });

  it.each([
    ["bridge", 2],
    ["ipv4", 1],
    ["ipv6", 1],
  ] as const)("of %s in which a row has gone is read so often: %i", async (table, times) => {
    const kernel = new SlowKernel();
    const dumps = new RowDumps(kernel);
    const one = reader();
    const read = dumps.read(table, one);
    await begun();
    dumps.entryGone();
    await kernel.answers();
    // Of forwarding entries another may have been passed over, of neighbours not.
    expect(kernel.dumps).toBe(times);
    if (times > 1) await kernel.answers();
    await read;
    expect(one.messages).toHaveLength(times);
  });

  it("in which rows go all the time is over in the end", async () => {
    const kernel = new SlowKernel();
    const dumps = new RowDumps(kernel);
    const read = dumps.read("bridge", reader());
    await begun();
    for (let times = 0; times < 3; times++) {
      dumps.entryGone();
      await kernel.answers();
    }
    await read;
    expect(kernel.dumps).toBe(3);
  });
});
