/**
 * What must outlive the process, in one file of the state directory: a line per memory, the last one
 * of an address counts. Lines are added as things happen and put on the disk soon after; when the
 * file holds much more than is remembered it is written anew beside itself and renamed, so that a
 * crash at any moment leaves a file that can be read. The file may be lost or wrong in part: then the
 * RIB and the kernel are the memory.
 */
import { type FileHandle, mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Memory } from "../mobility/memory.ts";
import { formatMemory, parseMemory } from "./memory-text.ts";

const FILE = "memory.jsonl";
/** About 20 MB of text; the addresses remembered first go first. */
export const MEMORIES_MAX = 200_000;
/** A file is written anew when it has twice the lines it needs, and not for every trifle. */
const SPARE_LINES = 10_000;

export interface Recalled {
  readonly memories: readonly Memory[];
  /** Lines that could not be read. */
  readonly damaged: number;
}

export class MemoryFile implements AsyncDisposable {
  readonly #path: string;
  readonly #memories = new Map<string, Memory>();
  #file: FileHandle | undefined;
  #lines = 0;
  #unwritten: string[] = [];
  #writing: Promise<void> | undefined;
  #complaint: string | undefined;

  constructor(directory: string) {
    this.#path = join(directory, FILE);
  }

  /** Why it can not be written, in a sentence; `undefined`: it can. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** Reads what there is. A file that is not there is no memory; to be called before `remember`. */
  async recall(): Promise<Result<Recalled>> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      const isNew = error instanceof Error && "code" in error && error.code === "ENOENT";
      return isNew ? ok({ memories: [], damaged: 0 }) : err(sentence("read", this.#path, error));
    }
    let damaged = 0;
    for (const line of text.split("\n")) {
      if (line === "") continue;
      this.#lines++;
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
    await this.#file?.close();
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
    // What comes in the same turn of the event loop goes out together.
    await Promise.resolve();
    while (this.#unwritten.length > 0) {
      const lines = this.#unwritten;
      this.#unwritten = [];
      try {
        await this.#append(lines);
        this.#complaint = undefined;
      } catch (error) {
        this.#complaint = sentence("write", this.#path, error);
        // What is lost here comes with the next whole file.
        await this.#file?.close().catch(() => undefined);
        this.#file = undefined;
        return;
      }
    }
  }

  async #append(lines: readonly string[]): Promise<void> {
    const isFull = this.#lines + lines.length > 2 * this.#memories.size + SPARE_LINES;
    if (this.#file === undefined || isFull) {
      await this.#rewrite();
      return;
    }
    await this.#file.appendFile(`${lines.join("\n")}\n`);
    await this.#file.datasync();
    this.#lines += lines.length;
  }

  async #rewrite(): Promise<void> {
    const fresh = `${this.#path}.new`;
    await mkdir(join(this.#path, ".."), { recursive: true });
    await this.#file?.close();
    this.#file = undefined;
    const lines = [...this.#memories.values()].map(formatMemory);
    await writeFile(fresh, lines.map((line) => `${line}\n`).join(""), { flush: true });
    await rename(fresh, this.#path);
    this.#file = await open(this.#path, "a");
    this.#lines = lines.length;
  }
}

function sentence(action: "read" | "write", path: string, error: unknown): string {
  return `Cannot ${action} ${path}: ${error instanceof Error ? error.message : String(error)}`;
}
