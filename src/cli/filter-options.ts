/** How what a question can be narrowed by is typed, and what was typed becomes a filter. */
import { Option } from "commander";
import type { FilterField } from "../control/protocol.ts";

/** Options as commander gives them: text, or `true` for those without a value. */
export type Typed = Readonly<Record<string, string | true | undefined>>;

const OPTIONS: { readonly [F in FilterField]: () => readonly Option[] } = {
  vni: () => [new Option("--vni <number>", "only of this VNI")],
  mac: () => [new Option("--mac <address>", "only of this MAC")],
  ip: () => [new Option("--ip <address>", "only of this IP")],
  vtep: () => [new Option("--vtep <address>", "only of this leaf")],
  port: () => [new Option("--port <name>", "only of this bridge port")],
  where: () => [
    new Option("--local", "only what is on this leaf").conflicts("remote"),
    new Option("--remote", "only what is on other leaves"),
  ],
  type: () => [new Option("--type <number>", "only routes of this type: 2 (MAC/IP) or 3 (IMET)")],
  last: () => [new Option("--last <number>", "only the newest so many")],
};

export function optionsOf(field: FilterField): readonly Option[] {
  return OPTIONS[field]();
}

const NUMBERS: ReadonlySet<string> = new Set(["vni", "type", "last"] satisfies FilterField[]);

/** The filter as typed, to be judged by `readFilter`; what is not a number stays the text it is. */
export function filterOf(typed: Typed): Readonly<Record<string, unknown>> {
  const filter: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(typed)) {
    if (value === undefined) continue;
    if (name === "local" || name === "remote") filter.where = name;
    else filter[name] = NUMBERS.has(name) ? numberOf(value) : value;
  }
  return filter;
}

export function numberOf(value: string | true): unknown {
  return /^\d+$/.test(String(value)) ? Number(value) : value;
}
