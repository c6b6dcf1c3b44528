/**
 * The BGP sessions between the leaves, each by itself: what is told arrives late and in order, as
 * BGP keeps it; a session that is down loses what was on its way, takes back all it has told, and
 * tells everything again when it is up.
 */
import type { FabricLeaf, Update } from "./fabric-leaf.ts";
import type { Random } from "./random.ts";

/** Has something done later. */
export type Plan = (at: number, run: () => void) => void;

interface Road {
  /** When the last update arrives: later ones come after it. */
  lastArrival: number;
  /** Counts the sessions: what an earlier one has sent does not arrive any more. */
  session: number;
  isUp: boolean;
}

export class Roads {
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #now: () => number;
  readonly #roads = new Map<string, Road>();

  constructor(random: Random, { plan, now }: { plan: Plan; now: () => number }) {
    this.#random = random;
    this.#plan = plan;
    this.#now = now;
  }

  send(from: FabricLeaf, to: FabricLeaf, update: Update): void {
    const road = this.#road(from, to);
    if (!road.isUp) return;
    const delay = this.#random.chance(0.1)
      ? this.#random.between(20, 80)
      : this.#random.between(1, 5);
    road.lastArrival = Math.max(this.#now() + delay, road.lastArrival);
    const { session } = road;
    this.#plan(road.lastArrival, () => {
      if (road.session === session) to.receive(update, this.#now());
    });
  }

  /** The session between the two breaks, and is up again after a while. */
  flap(a: FabricLeaf, b: FabricLeaf): void {
    const downMs = this.#random.between(1, 100);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const road = this.#road(from, to);
      road.session++;
      road.isUp = false;
      road.lastArrival = this.#now();
      for (const key of to.heardFrom(from.vtep)) to.receive({ kind: "withdraw", key }, this.#now());
      const { session } = road;
      this.#plan(this.#now() + downMs, () => {
        if (road.session !== session) return;
        road.isUp = true;
        for (const route of from.advertised.values())
          this.send(from, to, { kind: "announce", route });
      });
    }
  }

  #road(from: FabricLeaf, to: FabricLeaf): Road {
    const name = `${from.vtep}>${to.vtep}`;
    const known = this.#roads.get(name);
    if (known !== undefined) return known;
    const road: Road = { lastArrival: 0, session: 0, isUp: true };
    this.#roads.set(name, road);
    return road;
  }
}
