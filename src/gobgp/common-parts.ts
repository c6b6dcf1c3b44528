/**
 * What thousands of routes have in common, read once and kept once: all of a leaf's have its route
 * distinguisher and next hop, all of a segment's its route targets. Each comes as a text of its own from
 * every message.
 */
import { type Esi, ZERO_ESI } from "../evpn/esi.ts";
import { type IpAddress, parseIp } from "../evpn/ip.ts";
import type { NumberedBy } from "../evpn/numbered-by.ts";
import { type RouteDistinguisher, routeDistinguisher } from "../evpn/route-distinguisher.ts";
import { type RouteTarget, routeTarget } from "../evpn/route-target.ts";
import type { NumberedByName } from "./speaker-path.ts";

/** More than leaves times segments are in one fabric; beyond, it begins anew. */
const KEPT_MAX = 10_000;

export class CommonParts {
  readonly #rds = new NumberedParts(routeDistinguisher);
  readonly #targets = new NumberedParts(routeTarget);
  readonly #lists = new Map<string, readonly RouteTarget[]>();
  readonly #vteps = new Map<string, IpAddress | undefined>();
  readonly #esis = new Map<Esi, Esi>();

  /** `undefined`: there is no such one. */
  rd(name: NumberedByName): RouteDistinguisher | undefined {
    return this.#rds.of(name);
  }

  /** Those that there can be. */
  routeTargets(names: readonly NumberedByName[]): readonly RouteTarget[] {
    const targets: RouteTarget[] = [];
    for (const name of names) {
      const target = this.#targets.of(name);
      if (target !== undefined) targets.push(target);
    }
    const key = targets.length === 1 ? `${targets[0]}` : targets.join(" ");
    return this.#lists.get(key) ?? kept(this.#lists, key, targets);
  }

  /** `undefined`: this is the address of none. */
  vtep(text: string): IpAddress | undefined {
    const known = this.#vteps.get(text);
    if (known !== undefined || this.#vteps.has(text)) return known;
    return kept(this.#vteps, text, readVtep(text));
  }

  /** The same, as the one text that all routes of the segment have. */
  esi(esi: Esi): Esi {
    return esi === ZERO_ESI ? esi : (this.#esis.get(esi) ?? kept(this.#esis, esi, esi));
  }
}

/** By who gave the number, and by kind and number: to put together a text for it would take longer. */
class NumberedParts<Part> {
  readonly #make: (parts: NumberedBy) => Part;
  readonly #byAdmin = new Map<string | number, Map<number, Part | undefined>>();
  #count = 0;

  constructor(make: (parts: NumberedBy) => Part) {
    this.#make = make;
  }

  of(name: NumberedByName): Part | undefined {
    const place = name.number * KINDS.length + KINDS.indexOf(name.kind);
    const known = this.#byAdmin.get(name.admin);
    const part = known?.get(place);
    if (part !== undefined || known?.has(place) === true) return part;
    return this.#keep(name, place);
  }

  #keep(name: NumberedByName, place: number): Part | undefined {
    if (this.#count++ === KEPT_MAX) {
      this.#byAdmin.clear();
      this.#count = 1;
    }
    const parts = readNumberedBy(name);
    const part = parts && this.#make(parts);
    const known = this.#byAdmin.get(name.admin);
    if (known === undefined) this.#byAdmin.set(name.admin, new Map([[place, part]]));
    else known.set(place, part);
    return part;
  }
}

const KINDS: readonly NumberedByName["kind"][] = ["as2", "as4", "ipv4"];

function kept<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value {
  if (known.size >= KEPT_MAX) known.clear();
  known.set(key, value);
  return value;
}

export function readVtep(text: string): IpAddress | undefined {
  const ip = parseIp(text);
  return ip.ok && ip.value !== "0.0.0.0" && ip.value !== "::" ? ip.value : undefined;
}

function readNumberedBy(value: NumberedByName): NumberedBy | undefined {
  if (value.kind !== "ipv4") {
    const { kind, admin, number } = value;
    return isInRange({ kind, admin, number }) ? { kind, admin, number } : undefined;
  }
  const admin = parseIp(value.admin);
  if (!admin.ok || admin.value.includes(":") || value.number > 0xffff) return undefined;
  return { kind: "ipv4", admin: admin.value, number: value.number };
}

/** Two bytes for who and four for the number, or the other way round (RFC 4360 §3.1, RFC 5668). */
function isInRange({ kind, admin, number }: Exclude<NumberedByName, { kind: "ipv4" }>): boolean {
  return kind === "as2" ? admin <= 0xffff : number <= 0xffff;
}
