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

/** `old` is what the bridge's table said at the start: nobody knows when the host was last heard. */
export type Evidence = "old" | "new";

export interface Held {
  readonly sighting: Sighting;
  readonly evidence: Evidence;
  readonly at: number;
}

export class StartGate {
  /** Who has not yet told what stood at the start. */
  readonly #awaited = new Set<Source>(SOURCES);
  #held: Held[] = [];

  get isOpen(): boolean {
    return this.#awaited.size === 0;
  }

  get awaited(): ReadonlySet<Source> {
    return this.#awaited;
  }

  evidenceOf({ signal }: Sighting): Evidence {
    return signal === "data" && this.#awaited.has("kernel") ? "old" : "new";
  }

  hold(held: Held): void {
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
