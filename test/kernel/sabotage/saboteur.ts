/** One seed: a leaf, a thousand (or fewer) acts against it, and what must stand in the end. */
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import type { SegmentWish } from "../../../src/linux/candidates.ts";
import type { FloodMark } from "../../../src/linux/flood-driver.ts";
import { Random } from "../../simulation/random.ts";
import { clearLinks } from "../namespace.ts";
import { forgeNeighbour, perform, pickAct, type Stage, shout } from "./acts.ts";
import { Leaf } from "./leaf.ts";
import { Rib } from "./rib.ts";
import { build, readTables, rowsOf, type Segment, segments } from "./scene.ts";

/** Far longer than anything here takes, for a machine that is busy. */
const PATIENCE_MS = 5_000;
/** Lines of the story that are told. */
const STORY = Number(process.env.SABOTAGE_STORY ?? 150);

/** Answers what was repaired; throws what is not as it should be, with the story that led there. */
export async function sabotage(seed: number, acts: number): Promise<{ drifted: number }> {
  const saboteur = new Saboteur(seed);
  try {
    return await saboteur.run(acts);
  } finally {
    await saboteur[Symbol.asyncDispose]();
  }
}

class Saboteur implements AsyncDisposable {
  readonly #seed: number;
  readonly #random: Random;
  readonly #segments: readonly Segment[] = segments();
  readonly #stage: Stage;
  #leaf: Leaf | undefined;
  #drifted = 0;
  /** Outlives the leaf. */
  #marks: readonly FloodMark[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    const rib = new Rib(this.#random, this.#segments);
    this.#stage = { random: this.#random, rib, story: [] };
  }

  async run(acts: number): Promise<{ drifted: number }> {
    for (const { real, twin, local } of this.#segments) {
      for (const side of [real, twin]) await build(side, local);
    }
    await this.#restart();
    await this.#allIsRight();
    for (let act = 0; act < acts; act++) await this.#act();
    await this.#allIsRight();
    await this.#isQuiet();
    return { drifted: this.#drifted + (this.#leaf?.counts.drifted ?? 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leaf?.[Symbol.asyncDispose]();
    clearLinks();
  }

  async #act(): Promise<void> {
    const { random, rib, story } = this.#stage;
    const segment = random.pick(this.#segments);
    const kind = random.next();
    if (kind < 0.15) {
      const changes = rib.change(segment);
      story.push(`the RIB: ${JSON.stringify(changes)}`);
      for (const change of changes) this.#leaf?.want(change);
    } else if (kind < 0.2) await shout(this.#stage, segment);
    else if (kind < 0.24) {
      await forgeNeighbour(this.#stage, segment);
      // The kernel does not tell of what looks like an echo of ours; a look finds it.
      await this.#leaf?.look();
    } else if (kind < 0.26) await this.#restart();
    else {
      const act = pickAct(random);
      if (act.isForeign) await this.#allIsRight();
      await perform(act, this.#stage, segment);
      // Of what an operator has put we have been told before anything else happens.
      if (act.isForeign) await this.#heard();
    }
  }

  async #restart(): Promise<void> {
    this.#stage.story.push("roamd restarts");
    this.#drifted += this.#leaf?.counts.drifted ?? 0;
    await this.#leaf?.[Symbol.asyncDispose]();
    const wishes = this.#segments.map(
      ({ vni, real }) =>
        ({ vni, vxlan: real.vxlan, bridge: undefined, excludePorts: [] }) as unknown as SegmentWish,
    );
    const { rib, story } = this.#stage;
    this.#leaf = await Leaf.start(wishes, {
      rows: rib.rows,
      story,
      floodMemory: {
        recalled: this.#marks,
        remember: (marks) => {
          this.#marks = marks;
        },
      },
    });
  }

  async #heard(): Promise<void> {
    await turn();
    await turn();
    await this.#leaf?.settled();
  }

  /** Waits until the kernel has exactly the rows wanted and those of others. */
  async #allIsRight(): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    for (let wait = 1; ; wait = Math.min(wait * 2, 100)) {
      await this.#heard();
      const wrong = await this.#wrong();
      if (wrong.length === 0) return;
      if (performance.now() > until) throw new Error(this.#tell(wrong));
      await delay(wait);
    }
  }

  /** Rows too many (`+`) and too few (`-`). */
  async #wrong(): Promise<readonly string[]> {
    const tables = await readTables();
    return this.#segments.flatMap((segment) => {
      const real = rowsOf(segment.real, tables);
      const expected = this.#stage.rib.expected(segment, rowsOf(segment.twin, tables));
      return [
        ...minus(real, expected).map((row) => `+ ${segment.vni}: ${row}`),
        ...minus(expected, real).map((row) => `- ${segment.vni}: ${row}`),
      ];
    });
  }

  /** Who looks at everything again finds nothing to do. */
  async #isQuiet(): Promise<void> {
    const before = this.#leaf?.counts.written;
    await this.#leaf?.look();
    const after = this.#leaf?.counts.written;
    if (before !== after) throw new Error(this.#tell([`wrote ${before} and then ${after} rows`]));
  }

  #tell(wrong: readonly string[]): string {
    const { story } = this.#stage;
    const complaints = this.#leaf?.complaints ?? [];
    return [
      `Seed ${this.#seed} ends with rows that should not be (+) or are missing (-):`,
      ...wrong,
      "what roamd says:",
      ...complaints,
      "what was done:",
      ...story.slice(-STORY),
    ].join("\n");
  }
}

function minus(a: readonly string[], b: readonly string[]): readonly string[] {
  const rest = [...b];
  return a.filter((row) => {
    const at = rest.indexOf(row);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
}
