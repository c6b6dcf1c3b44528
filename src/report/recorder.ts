/**
 * Everything that was observed, as JSON lines, so that a bug report is a file: the first line says by
 * which settings was decided, each further one what was observed and when.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { err, ok, type Result } from "../evpn/result.ts";

export interface RecordedObservation {
  readonly at: number;
  readonly observation: { readonly kind: string };
}

/** That what was due by then was done: when that is depends on how busy the process was. */
export interface RecordedWake {
  readonly at: number;
  readonly woke: true;
}

/** Lines are put together up to about this many characters, not to write each by itself. */
const CHUNK = 64 * 1024;

export class Recorder implements Disposable {
  readonly #file: number;
  #text = "";
  #timer: NodeJS.Immediate | undefined;

  constructor(file: number) {
    this.#file = file;
  }

  /** Starts a new file; `header` is its first line. */
  static open(path: string, header: unknown): Result<Recorder> {
    try {
      const recorder = new Recorder(openSync(path, "w", 0o600));
      recorder.#line(header);
      return ok(recorder);
    } catch (error) {
      return err(`Cannot record to ${path}: ${error instanceof Error ? error.message : error}`);
    }
  }

  observed(observation: RecordedObservation["observation"], at: number): void {
    this.#line({ at, observation } satisfies RecordedObservation);
  }

  woke(at: number): void {
    this.#line({ at, woke: true } satisfies RecordedWake);
  }

  [Symbol.dispose](): void {
    this.#flush();
    closeSync(this.#file);
  }

  #line(value: unknown): void {
    this.#text += `${JSON.stringify(value, mapsAsLists)}\n`;
    if (this.#text.length > CHUNK) this.#flush();
    // Off the hot path: the frame that was observed does not wait for the disk.
    this.#timer ??= setImmediate(() => this.#flush());
  }

  #flush(): void {
    clearImmediate(this.#timer);
    this.#timer = undefined;
    if (this.#text === "") return;
    writeSync(this.#file, this.#text);
    this.#text = "";
  }
}

function mapsAsLists(_key: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}
