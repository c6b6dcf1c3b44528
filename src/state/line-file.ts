/**
 * A file of lines in the state directory: lines are added at its end, and now and then it is written
 * anew, beside itself and then renamed, so that a crash at any moment leaves a file that can be read.
 */
import { type FileHandle, mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { err, ok, type Result } from "../evpn/result.ts";

export class LineFile {
  readonly #path: string;
  #file: FileHandle | undefined;
  #lines = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** How many lines there are. */
  get lines(): number {
    return this.#lines;
  }

  /** Whether lines can be added: before, it is to be written anew. */
  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  /** All lines; a file that is not there has none. */
  async read(): Promise<Result<readonly string[]>> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      const isNew = error instanceof Error && "code" in error && error.code === "ENOENT";
      return isNew ? ok([]) : err(this.sentence("read", error));
    }
    const lines = text.split("\n").filter((line) => line !== "");
    this.#lines = lines.length;
    return ok(lines);
  }

  /** Adds lines, and with `isDurable` waits until they are on the disk. Rejects where it can not. */
  async append(
    lines: readonly string[],
    { isDurable }: { readonly isDurable: boolean },
  ): Promise<void> {
    await this.#file?.appendFile(lines.map((line) => `${line}\n`).join(""));
    if (isDurable) await this.#file?.datasync();
    this.#lines += lines.length;
  }

  /** Has nothing but these lines from now on. Rejects where it can not. */
  async rewrite(lines: readonly string[]): Promise<void> {
    const fresh = `${this.#path}.new`;
    await mkdir(dirname(this.#path), { recursive: true });
    await this.close();
    await writeFile(fresh, lines.map((line) => `${line}\n`).join(""), { flush: true });
    await rename(fresh, this.#path);
    this.#file = await open(this.#path, "a");
    this.#lines = lines.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  sentence(action: "read" | "write", error: unknown): string {
    const reason = error instanceof Error ? error.message : String(error);
    return `Cannot ${action} ${this.#path}: ${reason}`;
  }
}
