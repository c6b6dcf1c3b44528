/**
 * Entries that go while a table is read make the kernel pass over others. A host that is here is not to be
 * taken for one that has left: nothing may be heard of it for hours.
 */
import { afterEach, beforeAll, expect, it } from "vitest";
import type { MacAddress } from "../../src/evpn/mac.ts";
import { NetlinkConversation } from "../../src/linux/netlink-conversation.ts";
import { MessageWriter } from "../../src/wire/netlink.ts";
import { NeighbourFlag, NeighbourState, writeNeighbour } from "../../src/wire/netlink-neighbour.ts";
import { clearLinks, ifindexOf, makeSegment, requireOwnNamespace } from "./namespace.ts";
import { open, Recorder } from "./recorder.ts";

beforeAll(requireOwnNamespace);
afterEach(clearLinks);

const HOSTS = 3000;
const LEAVING = 100;

const macs = Array.from({ length: HOSTS }, (_, i) => {
  const bytes = [i >> 8, i & 0xff].map((byte) => byte.toString(16).padStart(2, "0"));
  return `02:00:00:02:${bytes.join(":")}` as MacAddress;
});

function change(action: "put" | "delete", which: readonly MacAddress[]): Uint8Array {
  const ifindex = ifindexOf("p1");
  const writer = new MessageWriter();
  for (const mac of which) {
    writeNeighbour(writer, {
      ...{ action, family: "bridge", ifindex, mac, dst: undefined, protocol: 0 },
      ...{ state: NeighbourState.reachable, flags: NeighbourFlag.master },
    });
  }
  return writer.finish();
}

it("hosts that leave while everything is looked at take no others along", async () => {
  makeSegment();
  const operator = new NetlinkConversation();
  const recorder = new Recorder();
  await using kernel = await open(recorder);
  // Whenever they leave: in each of the turns in which the tables are read.
  for (let turns = 1; turns <= 20; turns++) {
    recorder.clear();
    expect(operator.write(change("put", macs))).toEqual([]);
    await recorder.until(() => recorder.of("seen").length >= (turns === 1 ? HOSTS : LEAVING));
    // The newest are told first.
    const leaving = macs.slice(-LEAVING);
    const looked = kernel.look();
    await recorder.until(() => recorder.resyncs.length > 0);
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    operator.write(change("delete", leaving));
    await looked;
    await recorder.until(() => recorder.of("aged-out").length >= LEAVING);
    const left = recorder.of("aged-out").map(({ mac }) => mac);
    expect([...new Set(left)].sort()).toEqual(leaving);
  }
  operator.close();
});
