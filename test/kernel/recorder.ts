/** A listener that remembers, and lets a test wait for what it expects instead of sleeping. */
import type { RowAt } from "../../src/evpn/rows.ts";
import { type Kernel, type KernelOptions, makeKernel } from "../../src/linux/kernel.ts";
import type { LinuxNotice } from "../../src/linux/notice.ts";
import type { Listener, Observation } from "../../src/mobility/observation.ts";

/** Far longer than anything here takes, for a machine that is busy. */
const PATIENCE_MS = 10_000;

export class Recorder implements Listener<LinuxNotice> {
  readonly observations: Observation[] = [];
  readonly echoes: RowAt[] = [];
  readonly resyncs: string[] = [];
  readonly notices: LinuxNotice[] = [];
  readonly #waiting = new Set<() => void>();

  readonly news = (observation: Observation): void => {
    this.observations.push(observation);
    this.#wake();
  };

  readonly echo = (seen: RowAt): void => {
    this.echoes.push(seen);
    this.#wake();
  };

  readonly resync = (table: string, cause: string): void => {
    this.resyncs.push(`${table}: ${cause}`);
    this.#wake();
  };

  readonly tell = (notice: LinuxNotice): void => {
    this.notices.push(notice);
    this.#wake();
  };

  /** Forgets what has come so far. */
  clear(): void {
    for (const list of [this.observations, this.echoes, this.resyncs, this.notices])
      list.length = 0;
  }

  /** The observations of a kind. */
  of<Kind extends Observation["kind"]>(kind: Kind): Extract<Observation, { kind: Kind }>[] {
    return this.observations.filter(
      (o): o is Extract<Observation, { kind: Kind }> => o.kind === kind,
    );
  }

  /** Resolves as soon as `look` answers something; rejects with all that has come, if it never does. */
  until<T>(look: () => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(attempt);
        const { observations, echoes, resyncs, notices } = this;
        reject(
          new Error(`It never came: ${JSON.stringify({ observations, echoes, resyncs, notices })}`),
        );
      }, PATIENCE_MS);
      const attempt = (): void => {
        const found = look();
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#waiting.delete(attempt);
        resolve(found);
      };
      this.#waiting.add(attempt);
      attempt();
    });
  }

  #wake(): void {
    for (const attempt of [...this.#waiting]) attempt();
  }
}

export async function open(
  recorder: Recorder,
  options: Partial<KernelOptions> = {},
  linksKnown: (kernel: Kernel) => void = () => {},
): Promise<Kernel> {
  const all: KernelOptions = {
    segments: undefined,
    readOnly: false,
    leastAgeingMs: 163_000,
    framesPerSecond: 2000,
    redirect: "off",
    now: () => performance.now(),
    ...options,
  };
  const kernel = makeKernel(all, recorder, new AbortController().signal);
  await kernel.start(() => linksKnown(kernel));
  return kernel;
}
