/** What outlives the process: the files of the state directory, and what is to be told of them. */
import { join } from "node:path";
import type { FloodMemory } from "./linux/flood-driver.ts";
import type { Memory } from "./mobility/memory.ts";
import type { Observation } from "./mobility/observation.ts";
import type { History } from "./report/history.ts";
import { type HistoryRow, readHistoryRow } from "./report/history-row.ts";
import { FloodFile } from "./state/flood-file.ts";
import { Journal } from "./state/journal.ts";
import { MemoryFile } from "./state/memory-file.ts";
import type { StateNotice } from "./state/notice.ts";

export interface KeepingOptions {
  readonly directory: string;
  /** Nothing is written. */
  readonly readOnly: boolean;
  readonly history: () => History;
  readonly tell: (notice: StateNotice) => void;
}

export class Keeping implements AsyncDisposable {
  readonly #options: KeepingOptions;
  readonly #memory: MemoryFile;
  readonly #journal: Journal;
  readonly #floods: FloodFile;
  /** By what could not be kept. */
  readonly #told = new Map<"memory" | "history" | "floods", string | undefined>();

  constructor(options: KeepingOptions) {
    this.#options = options;
    this.#memory = new MemoryFile(options.directory);
    this.#floods = new FloodFile(options.directory);
    const { history } = options;
    this.#journal = new Journal(join(options.directory, "history.jsonl"), {
      get size() {
        return history().size;
      },
      toKeep: () => history().toKeep(),
    });
  }

  /** What a former life of ours has written down: the news it makes. */
  async recall(): Promise<readonly Observation[]> {
    await this.#recallHistory();
    const recalled = await this.#memory.recall();
    if (!recalled.ok) {
      this.#options.tell({ kind: "memory-lost", reason: recalled.error });
      return [];
    }
    const { memories, damaged } = recalled.value;
    this.#options.tell({ kind: "memory-read", memories: memories.length, damaged });
    return memories.map((memory) => ({ kind: "recalled", memory }));
  }

  remember(memories: readonly Memory[]): void {
    if (this.#options.readOnly) return;
    for (const memory of memories) this.#memory.remember(memory);
    this.#complain("memory", this.#memory.complaint);
  }

  /** Which destinations of flood lists are ours where the lists do not say. */
  async floods(): Promise<FloodMemory> {
    return {
      recalled: await this.#floods.recall(),
      remember: (marks) => {
        if (this.#options.readOnly) return;
        this.#floods.remember(marks);
        this.#complain("floods", this.#floods.complaint);
      },
    };
  }

  happened(id: number, row: () => HistoryRow): void {
    if (this.#options.readOnly) return;
    this.#journal.put(id, row);
    this.#complain("history", this.#journal.complaint);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#memory[Symbol.asyncDispose]();
    await this.#journal[Symbol.asyncDispose]();
    await this.#floods[Symbol.asyncDispose]();
  }

  async #recallHistory(): Promise<void> {
    const { tell, history } = this.#options;
    const recalled = await this.#journal.recall();
    if (!recalled.ok) {
      tell({ kind: "history-lost", reason: recalled.error });
      return;
    }
    const { values, damaged } = recalled.value;
    const rows = values.flatMap(([id, value]) => {
      const row = readHistoryRow(value);
      return row === undefined ? [] : [[id, row] as const];
    });
    for (const [id, row] of rows) history().recall(id, row);
    const unreadable = values.length - rows.length;
    tell({ kind: "history-read", happenings: rows.length, damaged: damaged + unreadable });
  }

  /** Once for each reason. */
  #complain(about: "memory" | "history" | "floods", complaint: string | undefined): void {
    if (complaint === this.#told.get(about)) return;
    this.#told.set(about, complaint);
    const kind = about === "history" ? "history-lost" : "memory-lost";
    if (complaint !== undefined) this.#options.tell({ kind, reason: complaint });
  }
}
