/** The frames by which a guest tells where it is, as they come out of its tap. */
import type { ChildProcess } from "node:child_process";
import type { Fabric } from "../runner/fabric.ts";
import { onLine } from "../runner/lines.ts";
import { poll } from "../runner/poll.ts";
import { inRepository } from "../runner/repository.ts";

export type FrameKind = "rarp" | "arp" | "unsolicited-advertisement" | "data";

export interface SeenFrame {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: FrameKind;
  readonly text: string;
}

export class FrameWatch implements Disposable {
  readonly frames: SeenFrame[] = [];
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** All that this station sends through the port, from now on. */
  static async start(
    fabric: Fabric,
    where: { readonly node: string; readonly port: string; readonly mac: string },
  ): Promise<FrameWatch> {
    const { node, port, mac } = where;
    const program = inRepository("dist/labs/qemu/watcher.js");
    const child = fabric.spawn(node, [process.execPath, program, port, mac], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const watch = new FrameWatch(child);
    let isWatching = false;
    onLine(child, (line) => {
      if (line === "") isWatching = true;
      else watch.frames.push(JSON.parse(line));
    });
    await poll(`the frames of ${port} in ${node} to be watched`, () => isWatching);
    return watch;
  }

  /** The first frame of its kind since then. */
  first(kind: FrameKind, since: number): SeenFrame | undefined {
    return this.frames.find((frame) => frame.kind === kind && frame.at >= since);
  }

  /** The watcher ends with it, for nobody reads what it writes. */
  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}
