/**
 * `roamd.v1.Roamd` of `proto/roamd.proto` for grpc-js. Both messages are strings at field 1, so the
 * codec is these few lines, and no code is generated.
 */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import type { MethodDefinition } from "@grpc/grpc-js";

/** What stands in a request (one text) or a reply (many): JSON texts. */
export type Texts = readonly string[];

export const SHOW: MethodDefinition<Texts, Texts> = method("Show");
export const WATCH: MethodDefinition<Texts, Texts> = method("Watch");
export const COMMAND: MethodDefinition<Texts, Texts> = method("Command");

function method(name: string): MethodDefinition<Texts, Texts> {
  return {
    path: `/roamd.v1.Roamd/${name}`,
    requestStream: false,
    responseStream: true,
    requestSerialize: encodeTexts,
    requestDeserialize: decodeTexts,
    responseSerialize: encodeTexts,
    responseDeserialize: decodeTexts,
  };
}

const JSON_FIELD = 1;
const LENGTH_DELIMITED = 2;

export function encodeTexts(texts: Texts): Buffer {
  const writer = new BinaryWriter();
  for (const text of texts) writer.tag(JSON_FIELD, LENGTH_DELIMITED).string(text);
  return Buffer.from(writer.finish());
}

/** Throws on bytes that are no message; grpc-js answers for it with the status INTERNAL. */
export function decodeTexts(bytes: Uint8Array): Texts {
  const reader = new BinaryReader(bytes);
  const texts: string[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === JSON_FIELD && wireType === LENGTH_DELIMITED) texts.push(reader.string());
    else reader.skip(wireType);
  }
  return texts;
}
