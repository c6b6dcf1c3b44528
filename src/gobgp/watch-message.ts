/**
 * A message of gobgpd's watch, whose paths are read one after the other and not all at once: there may
 * be as many as stand in the table (gobgpd before 3.27), and what lives as long as a message does, V8
 * moves about in memory, or takes for long-lived.
 *
 * In both generations of the API (`proto/`): `WatchEventResponse` has a peer as field 2 or a table as
 * field 3, and `TableEvent` its paths as field 2.
 */
import { WireType } from "@bufbuild/protobuf/wire";
import type { MessageReader } from "./message-reader.ts";

const PEER_EVENT = 2;
const TABLE_EVENT = 3;
const PATH = 2;

/** Reads a path of so many bytes; throws where it is none. */
export type ReadPath<Path> = (reader: MessageReader, length: number) => Path;

export class WatchMessage<Path> {
  readonly #reader: MessageReader;
  readonly #read: ReadPath<Path>;
  /** Where the table ends that is being read. */
  #end = 0;
  #paths: number | undefined;
  #isOfPeer = false;
  #unreadable: string | undefined;

  constructor(reader: MessageReader, read: ReadPath<Path>) {
    this.#reader = reader;
    this.#read = read;
  }

  /** The next path; `undefined`: there are no more, or none that can be read. */
  next(): Path | undefined {
    try {
      return this.#next();
    } catch (error) {
      this.#unreadable = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  }

  /** How many paths were read; `undefined`: it is not about paths. */
  get paths(): number | undefined {
    return this.#paths;
  }

  get isOfPeer(): boolean {
    return this.#isOfPeer;
  }

  /** Why the rest can not be read. */
  get unreadable(): string | undefined {
    return this.#unreadable;
  }

  #next(): Path | undefined {
    const reader = this.#reader;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const [field, wireType] = [tag >>> 3, tag & 7];
      const isTable = reader.pos <= this.#end;
      if (wireType !== WireType.LengthDelimited) reader.skip(wireType, field);
      else if (isTable && field === PATH) {
        const path = this.#read(reader, reader.uint32());
        this.#paths = (this.#paths ?? 0) + 1;
        return path;
      } else if (!isTable && field === TABLE_EVENT) {
        this.#paths ??= 0;
        this.#end = reader.uint32() + reader.pos;
      } else {
        if (!isTable && field === PEER_EVENT) this.#isOfPeer = true;
        reader.skip(wireType, field);
      }
    }
    return undefined;
  }
}
