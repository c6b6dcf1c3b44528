/** Looks into the schema: which keys stand where, for the sample and for a misspelt key. */
import { z } from "zod";

/** What the schema has to tell people of a key. */
interface KeyMeta {
  readonly doc?: string;
  /** What the sample shows where there is no default. */
  readonly example?: unknown;
  /** Whether the example stands in the sample as if it were a default. */
  readonly given?: boolean;
  /** What the value may be, where zod does not know. */
  readonly limits?: string;
}

declare module "zod" {
  interface GlobalMeta extends KeyMeta {}
}

type Schema = z.core.$ZodType;
export type Shape = Readonly<Record<string, Schema>>;

/** The keys of the mapping that may stand at `path`; `undefined` where there can not be one. */
export function shapeAt(schema: Schema, path: readonly PropertyKey[]): Shape | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return shapeOf(schema);
  const within = typeof first === "number" ? elementOf(schema) : shapeOf(schema)?.[String(first)];
  return within === undefined ? undefined : shapeAt(within, rest);
}

export function shapeOf(schema: Schema): Shape | undefined {
  return layers(schema).find((layer) => layer instanceof z.ZodObject)?.shape;
}

/** What a list is made of, also where something else than a list may be given as well. */
export function elementOf(schema: Schema): Schema | undefined {
  for (const layer of layers(schema)) {
    if (layer instanceof z.ZodArray) return layer.element;
    if (layer instanceof z.ZodUnion) {
      return layer.options.map(elementOf).find((element) => element !== undefined);
    }
  }
  return undefined;
}

/** The default, as an operator would write it. */
export function defaultOf(schema: Schema): unknown {
  return layers(schema).find((layer) => layer instanceof z.ZodPrefault)?.def.defaultValue;
}

/** What numbers and durations may be, in words. */
export function limitsOf(schema: Schema): string | undefined {
  for (const layer of layers(schema)) {
    if (layer instanceof z.ZodNumber && Number.isFinite(layer.minValue)) {
      return `${layer.minValue} to ${layer.maxValue}`;
    }
    const { limits } = metaOf(layer);
    if (limits !== undefined) return limits;
  }
  return undefined;
}

export function metaOf(schema: Schema): KeyMeta {
  return (schema instanceof z.ZodType ? schema.meta() : undefined) ?? {};
}

/** The schema and what it is wrapped around, from the outside in. */
function layers(schema: Schema): readonly Schema[] {
  if (schema instanceof z.ZodPipe) return [schema, ...layers(schema.in)];
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return [schema, ...layers(schema.unwrap())];
  }
  return [schema];
}
