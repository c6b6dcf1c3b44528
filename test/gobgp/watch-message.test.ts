/** Messages of a watch, path by path, as the generated code reads them whole. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { codecV3 } from "../../src/gobgp/codec-v3.ts";
import { codecV4 } from "../../src/gobgp/codec-v4.ts";
import * as v3 from "../../src/gobgp/generated/v3/gobgp.ts";
import * as v4 from "../../src/gobgp/generated/v4/gobgp.ts";
import { MessageReader, Texts } from "../../src/gobgp/message-reader.ts";
import type { SpeakerPath } from "../../src/gobgp/speaker-path.ts";
import { WatchMessage } from "../../src/gobgp/watch-message.ts";
import { macIpRoutePath } from "../../src/gobgp/write-route.ts";
import { macIpRoute, must } from "./routes.ts";

const NOW = 1_700_000_000_999;
const PATHS = [0, 1, 2].map((seq) =>
  must(macIpRoutePath(macIpRoute({ mobility: { seq, sticky: false } }))),
);

const generations = [
  {
    name: "v3",
    bytesOf: (paths: readonly SpeakerPath[]) =>
      v3.WatchEventResponse.encode({
        event: tableOf(paths.map((path) => codecV3.encode(path, NOW))),
      }).finish(),
    whole: (bytes: Uint8Array): unknown => v3.WatchEventResponse.decode(bytes).event?.value,
    read: v3.Path.decode,
  },
  {
    name: "v4",
    bytesOf: (paths: readonly SpeakerPath[]) =>
      v4.WatchEventResponse.encode({
        event: tableOf(paths.map((path) => codecV4.encode(path, NOW))),
      }).finish(),
    whole: (bytes: Uint8Array): unknown => v4.WatchEventResponse.decode(bytes).event?.value,
    read: v4.Path.decode,
  },
];

function tableOf<Path>(paths: Path[]): { $case: "table"; value: { paths: Path[] } } {
  return { $case: "table", value: { paths } };
}

/** The same in both generations. */
const PEER = v4.WatchEventResponse.encode({ event: { $case: "peer", value: {} } }).finish();

describe.each(generations)("A message of the watch of API $name", ({ bytesOf, whole, read }) => {
  const table = (count: number): Uint8Array => bytesOf(PATHS.slice(0, count));

  function open(bytes: Uint8Array): WatchMessage<unknown> {
    return new WatchMessage<unknown>(new MessageReader(Buffer.from(bytes), new Texts()), read);
  }

  function all(message: WatchMessage<unknown>): unknown[] {
    const paths: unknown[] = [];
    for (let path = message.next(); path !== undefined; path = message.next()) paths.push(path);
    return paths;
  }

  it.each([0, 1, 3])("gives its %i paths, one after the other", (count) => {
    const message = open(table(count));
    expect({ paths: all(message) }).toEqual(whole(table(count)));
    expect(message).toMatchObject({ paths: count, isOfPeer: false, unreadable: undefined });
  });

  it("may be about a peer", () => {
    const message = open(PEER);
    expect(all(message)).toEqual([]);
    expect(message).toMatchObject({ paths: undefined, isOfPeer: true, unreadable: undefined });
  });

  it("may have fields that we do not know, around its paths and after them", () => {
    const unknown = new BinaryWriter().tag(99, WireType.LengthDelimited).string("what").finish();
    const other = new BinaryWriter().tag(98, WireType.Varint).uint32(7).finish();
    const message = open(Buffer.concat([unknown, other, table(2), other, unknown]));
    expect(all(message)).toHaveLength(2);
    expect(message).toMatchObject({ paths: 2, isOfPeer: false, unreadable: undefined });
  });

  it("that ends too early gives what came before, and says so", () => {
    const bytes = table(3);
    const message = open(bytes.subarray(0, bytes.length - 5));
    expect(all(message)).toHaveLength(2);
    expect(message.unreadable).toMatch(/EOF|ends/);
  });
});
