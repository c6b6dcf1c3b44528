/**
 * What must outlive the process, in one file of the state directory: a line per memory, the last one
 * of an address counts. Lines are added as things happen and put on the disk soon after; when the
 * file holds much more than is remembered it is written anew beside itself and renamed, so that a
 * crash at any moment leaves a file that can be read. The file may be lost or wrong in part: then the
 * RIB and the kernel are the memory.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ok, type Result } from "../evpn/result.ts";
import type { Memory } from "../mobility/memory.ts";
import { LineFile } from "./line-file.ts";
import { formatMemory, parseMemory } from "./memory-text.ts";

const FILE = "memory.jsonl";
/** About 20 MB of text; the addresses remembered first go first. */
export const MEMORIES_MAX = 200_000;
/** A file is written anew when it has twice the lines it needs, and not for every trifle. */
const SPARE_LINES = 10_000;
/** What happens within this time is written together, and when the route has gone out. */
const TOGETHER_MS = 20;

export interface Recalled {
  readonly memories: readonly Memory[];
  /** Lines that could not be read. */
  readonly damaged: number;
}

export class MemoryFile implements AsyncDisposable {
  readonly #file: LineFile;
  readonly #memories = new Map<string, Memory>();
  #unwritten: string[] = [];
  readonly #hurried = new AbortController();
  #writing: Promise<void> | undefined;
  #complaint: string | undefined;

  constructor(directory: string) {
    this.#file = new LineFile(join(directory, FILE));
  }

  /** Why it can not be written, in a sentence; `undefined`: it can. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** Reads what there is. A file that is not there is no memory; to be called before `remember`. */
  async recall(): Promise<Result<Recalled>> {
    const lines = await this.#file.read();
    if (!lines.ok) return lines;
    let damaged = 0;
    for (const line of lines.value) {
      const memory = parseMemory(line);
      if (memory === undefined) damaged++;
      else this.#take(memory);
    }
    return ok({ memories: [...this.#memories.values()], damaged });
  }

  /** To be written soon; costs nothing now. */
  remember(memory: Memory): void {
    this.#take(memory);
    this.#unwritten.push(formatMemory(memory));
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all that was to be remembered before is on the disk, or can not be put there. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  /** Writes what is left, at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#hurried.abort();
    await this.settled();
    await this.#file.close();
  }

  #take(memory: Memory): void {
    const key = `${memory.vni}|${memory.kind === "ip" ? memory.ip : memory.mac}`;
    this.#memories.delete(key);
    this.#memories.set(key, memory);
    if (this.#memories.size <= MEMORIES_MAX) return;
    for (const oldest of this.#memories.keys()) {
      this.#memories.delete(oldest);
      return;
    }
  }

  async #write(): Promise<void> {
    while (this.#unwritten.length > 0) {
      const { signal } = this.#hurried;
      await sleep(TOGETHER_MS, undefined, { ref: false, signal }).catch(() => undefined);
      const lines = this.#unwritten;
      this.#unwritten = [];
      try {
        await this.#append(lines);
        this.#complaint = undefined;
      } catch (error) {
        this.#complaint = this.#file.sentence("write", error);
        // What is lost here comes with the next whole file.
        await this.#file.close().catch(() => undefined);
        return;
      }
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const isFull = this.#file.lines + lines.length > 2 * this.#memories.size + SPARE_LINES;
    if (this.#file.isOpen && !isFull) await this.#file.append(lines, { isDurable: true });
    else await this.#file.rewrite([...this.#memories.values()].map(formatMemory));
  }
}
