/** A stream of numbered datagrams to the machine: which were lost, which came twice, or to two places. */
import type { Fabric } from "./fabric.ts";
import { Assistant } from "./json-lines.ts";
import { legsOf, Talker } from "./machine.ts";
import { poll } from "./poll.ts";
import { inRepository } from "./repository.ts";

/** Longer than any stream. */
export const NUMBERS_MAX: number = 1 << 20;

export type SinkQuestion = { readonly kind: "forget" | "flows" | "count"; readonly sent: number };

export interface SinkAnswer {
  readonly received: number;
  /** Datagrams that the machine has received more than once. */
  readonly duplicates: number;
  /** Those that went to the machine's leg at one leaf, and to that at another. */
  readonly inTwoPlaces: number;
  /** The numbers of those that never came, as first and last of each run. */
  readonly gaps: readonly (readonly [number, number])[];
}

export interface Streamed extends SinkAnswer {
  readonly sent: number;
  readonly lost: number;
}

/** Before and after what is measured. */
const MARGIN_MS = 300;
/** As long as a datagram may be on its way in a machine that is busy with other things. */
const SETTLED_MS = 300;

export class Stream {
  readonly #talkers = new Map<string, Talker>();
  readonly #fabric: Fabric;
  readonly #sink: Assistant<SinkQuestion, SinkAnswer>;

  constructor(fabric: Fabric) {
    this.#fabric = fabric;
    const sink = [inRepository("dist/labs/runner/sink.js"), ...legsOf(fabric).values()];
    const command = [process.execPath, ...sink];
    this.#sink = new Assistant(fabric.spawn("vm", command, { stdio: ["pipe", "pipe", "inherit"] }));
  }

  /**
   * Sends to the machine from a host, so many in a second, while `work` is done, which may ask how many
   * have been sent by then.
   */
  async during(
    { from, to, perSecond }: { readonly from: string; readonly to: string; perSecond: number },
    work: (sent: () => Promise<number>) => Promise<unknown>,
  ): Promise<Streamed> {
    const talker = this.#talkers.get(from) ?? new Talker(this.#fabric, from);
    this.#talkers.set(from, talker);
    await this.#sink.ask({ kind: "forget", sent: 0 });
    await talker.talk(to, perSecond);
    const flows = { kind: "flows", sent: 0 } as const;
    await poll("the stream to flow", async () => (await this.#sink.ask(flows)).received > 0);
    await pause(MARGIN_MS);
    await work(() => talker.sent());
    await pause(MARGIN_MS);
    const sent = await talker.hush();
    await pause(SETTLED_MS);
    const answer = await this.#sink.ask({ kind: "count", sent });
    return { ...answer, sent, lost: sent - answer.received };
  }
}

/** What was sent in this time is what is measured: nothing can be awaited instead. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
