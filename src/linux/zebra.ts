/**
 * Whether FRR's zebra programs a VXLAN device (`advertise-all-vni` in the same network namespace), read
 * off the rows it leaves: an IP neighbour of its protocol on the bridge; or a destination of floods
 * NOARP and PERMANENT together with a MAC `extern_learn` that is not ours (FRR 8.4, seen on Linux 6.18).
 * One of the latter two alone may be an operator's, and is a row of somebody else like any.
 */
import { type Neighbour, NeighbourFlag, NeighbourState } from "../wire/netlink-neighbour.ts";
import { type KernelRow, placeKey } from "./ownership.ts";

const FLOOD_STATE = NeighbourState.noarp | NeighbourState.permanent;
/** `RTPROT_ZEBRA`. */
const PROTOCOL = 11;

type Sign = "flood" | "mac" | "neighbour";

export class ZebraSigns {
  /** By kind and place of the row: the device it is of. */
  readonly #rows = new Map<string, { readonly sign: Sign; readonly device: number }>();
  readonly #counts = new Map<string, number>();

  /** Takes in a row that stands, or is gone; answers whether what is said of a device may be different. */
  told(neighbour: Neighbour, row: KernelRow): boolean {
    const sign = neighbour.gone ? undefined : signOf(neighbour, row);
    if (sign === undefined && this.#rows.size === 0) return false;
    const place = `${row.kind}|${placeKey(row)}`;
    const before = this.#rows.get(place);
    if (before?.sign === sign && before?.device === neighbour.ifindex) return false;
    if (before === undefined && sign === undefined) return false;
    if (before !== undefined) this.#count(before, -1);
    this.#rows.delete(place);
    if (sign === undefined) return true;
    const found = { sign, device: neighbour.ifindex };
    this.#rows.set(place, found);
    this.#count(found, 1);
    return true;
  }

  *places(): Iterable<string> {
    for (const key of this.#rows.keys()) yield placeOf(key);
  }

  /** Forgets rows whose place is not known any more; answers whether there were any. */
  keepOnly(isKnown: (place: string) => boolean): boolean {
    let isChanged = false;
    for (const [key, found] of this.#rows) {
      if (isKnown(placeOf(key))) continue;
      this.#rows.delete(key);
      this.#count(found, -1);
      isChanged = true;
    }
    return isChanged;
  }

  /** Whether zebra programs the VXLAN device, which is a port of the bridge. */
  owns(vxlan: number, bridge: number): boolean {
    if (this.#has("neighbour", bridge)) return true;
    return this.#has("flood", vxlan) && this.#has("mac", vxlan);
  }

  #has(sign: Sign, device: number): boolean {
    return (this.#counts.get(`${sign}|${device}`) ?? 0) > 0;
  }

  #count({ sign, device }: { sign: Sign; device: number }, by: number): void {
    const key = `${sign}|${device}`;
    const count = (this.#counts.get(key) ?? 0) + by;
    if (count > 0) this.#counts.set(key, count);
    else this.#counts.delete(key);
  }
}

function placeOf(key: string): string {
  return key.slice(key.indexOf("|") + 1);
}

function signOf(neighbour: Neighbour, row: KernelRow): Sign | undefined {
  const isOutside = (neighbour.flags & NeighbourFlag.extLearned) !== 0;
  switch (row.kind) {
    case "flood":
      return !isOutside && neighbour.state === FLOOD_STATE ? "flood" : undefined;
    case "tunnel":
      return isOutside && row.owner === "other" ? "mac" : undefined;
    case "neighbour":
      return isOutside && neighbour.protocol === PROTOCOL ? "neighbour" : undefined;
    default:
      return undefined;
  }
}
