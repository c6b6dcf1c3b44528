/**
 * The start: nobody gets a sequence number before it is known what the others claim (C1.29). Hosts
 * that are seen meanwhile are held back and come in together: first those found in the bridge's
 * table, then those that were heard.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Sighting } from "./observation.ts";
import { SOURCES, type Source } from "./observation.ts";

/** `old` is what a table says that was read: nobody knows when the host was last heard. */
export type Evidence = "old" | "new";

export interface Held {
  readonly sighting: Sighting;
  readonly evidence: Evidence;
  readonly at: number;
}

/** Sightings of one port that are held back: what a port floods meanwhile must not fill the memory. */
export const HELD_MAX = 16_384;

export class StartGate {
  /** Who has not yet told what stood at the start. */
  readonly #awaited = new Set<Source>(SOURCES);
  #held: Held[] = [];
  readonly #counts = new Map<string, number>();

  get isOpen(): boolean {
    return this.#awaited.size === 0;
  }

  get awaited(): ReadonlySet<Source> {
    return this.#awaited;
  }

  evidenceOf({ signal, evidence }: Sighting): Evidence {
    return evidence ?? (signal === "data" && this.#awaited.has("kernel") ? "old" : "new");
  }

  hold(held: Held): void {
    const { vni, port } = held.sighting;
    const key = `${vni}|${port}`;
    const count = this.#counts.get(key) ?? 0;
    if (count >= HELD_MAX) return;
    this.#counts.set(key, count + 1);
    this.#held.push(held);
  }

  portDown(vni: Vni, port: PortName): void {
    this.#held = this.#held.filter(
      ({ sighting }) => sighting.vni !== vni || sighting.port !== port,
    );
  }

  agedOut(vni: Vni, mac: MacAddress): void {
    this.#held = this.#held.filter(({ sighting }) => sighting.vni !== vni || sighting.mac !== mac);
  }

  /** Answers what was held back, if this was the last source to be waited for. */
  told(source: Source): readonly Held[] | undefined {
    if (this.isOpen) return undefined;
    this.#awaited.delete(source);
    if (!this.isOpen) return undefined;
    const held = this.#held;
    this.#held = [];
    return held;
  }
}
