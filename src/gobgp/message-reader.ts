/**
 * Reads protobuf messages of which there are very many, and leaves little behind: a text that stands in
 * one message after the other (next hops, route distinguishers, neighbors) is made once, and fields that
 * we do not know are passed over without a view of each. Of a table's dump that is a tenth of all memory
 * that is made for it.
 */
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Longer texts are rare. */
const LENGTH_MAX = 64;
const PLACES = 1024;
const SEVEN_BITS = 0x7f;

/** The texts read lately. It never grows, whatever comes: the newer takes the place of the older. */
export class Texts {
  readonly #texts: string[] = new Array<string>(PLACES).fill("");
  /** Of the text at each place: most texts are not there, and need not be looked at to see it. */
  readonly #hashes = new Int32Array(PLACES);

  /** The text that these bytes are; `undefined` where they are more than ASCII. */
  of(bytes: Buffer, start: number, end: number): string | undefined {
    let hash = end - start;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (byte > SEVEN_BITS) return undefined;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    const place = (hash ^ (hash >>> 16)) & (PLACES - 1);
    const known = this.#texts[place] ?? "";
    if (this.#hashes[place] === hash && isText(known, bytes, start, end)) return known;
    const text = bytes.toString("latin1", start, end);
    this.#texts[place] = text;
    this.#hashes[place] = hash;
    return text;
  }
}

function isText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let i = start; i < end; i++) if (text.charCodeAt(i - start) !== bytes[i]) return false;
  return true;
}

const NOTHING = new Uint8Array(0);

export class MessageReader extends BinaryReader {
  readonly #bytes: Buffer;
  readonly #texts: Texts;

  constructor(bytes: Buffer, texts: Texts) {
    // Of a Buffer, each view would be a Buffer, which takes twice as long to make.
    super(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    this.#bytes = bytes;
    this.#texts = texts;
  }

  /** Throws a RangeError where the message ends before. */
  override string(strict?: boolean): string {
    const before = this.pos;
    const length = this.uint32();
    const end = this.pos + length;
    const text =
      length <= LENGTH_MAX && end <= this.len
        ? this.#texts.of(this.#bytes, this.pos, end)
        : undefined;
    if (text === undefined) {
      this.pos = before;
      return super.string(strict);
    }
    this.pos = end;
    return text;
  }

  /** Answers nothing of what it has passed over. Throws a RangeError where the message ends before. */
  override skip(wireType: WireType, fieldNo?: number): Uint8Array {
    if (wireType !== WireType.LengthDelimited && wireType !== WireType.Varint) {
      return super.skip(wireType, fieldNo);
    }
    const value = this.uint32();
    if (wireType === WireType.LengthDelimited) this.pos += value;
    if (this.pos > this.len) throw new RangeError("The message ends in the midst of a field");
    return NOTHING;
  }
}
