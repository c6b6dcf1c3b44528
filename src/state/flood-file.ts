/**
 * Which destinations of flood lists are ours where others have put some as well, in one small file of
 * the state directory: the kernel keeps one mark for all of them. What it says is of devices, so it
 * holds for this boot of the machine and this network namespace alone.
 */
import { mkdir, readFile, readlink, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseIp } from "../evpn/ip.ts";
import type { VtepAddress } from "../evpn/vtep.ts";

const FILE = "flood-lists";

export interface FloodMark {
  /** The VXLAN device by ifindex; of one for many VNIs, a stroke and the VNI. */
  readonly tunnel: string;
  readonly vtep: VtepAddress;
}

export class FloodFile implements AsyncDisposable {
  readonly #path: string;
  #header = "";
  #wanted: string | undefined;
  #writing: Promise<void> | undefined;
  #complaint: string | undefined;

  constructor(directory: string) {
    this.#path = join(directory, FILE);
  }

  /** Why it can not be written, in a sentence; `undefined`: it can. */
  get complaint(): string | undefined {
    return this.#complaint;
  }

  /** What a former life of ours has put, as far as it still holds; to be called before `remember`. */
  async recall(): Promise<readonly FloodMark[]> {
    this.#header = await thisKernel();
    const text = await readFile(this.#path, "utf8").catch(() => "");
    const [header, ...lines] = text.split("\n");
    return header === this.#header ? lines.flatMap(parseMark) : [];
  }

  /** All there is to remember; to be written soon. */
  remember(marks: readonly FloodMark[]): void {
    const lines = marks.map(({ tunnel, vtep }) => `${tunnel} ${vtep}`);
    this.#wanted = `${[this.#header, ...lines].join("\n")}\n`;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#wanted !== undefined) {
      const text = this.#wanted;
      this.#wanted = undefined;
      try {
        await mkdir(join(this.#path, ".."), { recursive: true });
        await writeFile(`${this.#path}.new`, text);
        await rename(`${this.#path}.new`, this.#path);
        this.#complaint = undefined;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#complaint = `Cannot write ${this.#path}: ${reason}`;
      }
    }
  }
}

/** Device numbers mean something else in another network namespace, and after the next boot. */
async function thisKernel(): Promise<string> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "");
  const namespace = await readlink("/proc/self/ns/net").catch(() => "");
  return `${boot.trim()} ${namespace}`;
}

function parseMark(line: string): FloodMark[] {
  const [tunnel = "", address = ""] = line.split(" ");
  const vtep = parseIp(address);
  return /^\d+(\/\d+)?$/.test(tunnel) && vtep.ok ? [{ tunnel, vtep: vtep.value }] : [];
}
