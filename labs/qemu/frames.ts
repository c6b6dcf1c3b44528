/** The frames by which a guest tells where it is, as tcpdump sees them come out of its tap. */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Fabric } from "../runner/fabric.ts";

export type FrameKind = "rarp" | "arp" | "unsolicited-advertisement" | "data";

export interface SeenFrame {
  readonly at: number;
  readonly kind: FrameKind;
  /** In the words of tcpdump. */
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
    const tcpdump = ["tcpdump", "-Z", "root", "-i", port, "-l", "-n", "-e", "-tt", "-s", "128"];
    const options = [...tcpdump, "--immediate-mode", "ether", "src", mac];
    const child = fabric.spawn(node, options, { stdio: ["pipe", "pipe", "pipe"] });
    const watch = new FrameWatch(child);
    if (child.stdout === null || child.stderr === null) throw new Error("Cannot read tcpdump");
    createInterface({ input: child.stdout }).on("line", (line) => watch.#hear(line));
    const errors = createInterface({ input: child.stderr });
    await new Promise<void>((resolve, reject) => {
      let said = "";
      errors.on("line", (line) => {
        said = line;
        if (line.startsWith("listening on")) resolve();
      });
      child.once("exit", () => reject(new Error(`Cannot watch ${port} of ${node}: ${said}`)));
    });
    return watch;
  }

  /** The first frame of its kind since then. */
  first(kind: FrameKind, since: number): SeenFrame | undefined {
    return this.frames.find((frame) => frame.kind === kind && frame.at >= since);
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }

  #hear(line: string): void {
    const heard = /^(\d+\.\d+) \S+ > (\S+), ethertype (.*?), length \d+: (.*?)(, length .*)?$/.exec(
      line,
    );
    if (heard === null) return;
    const [, seconds = "", destination = "", type = "", text = ""] = heard;
    this.frames.push({ at: Number(seconds) * 1000, kind: kindOf(destination, type, text), text });
  }
}

function kindOf(destination: string, type: string, text: string): FrameKind {
  if (type.startsWith("Reverse ARP")) return "rarp";
  if (type.startsWith("ARP")) return "arp";
  // One that answers goes to who has asked.
  if (destination.startsWith("33:33:") && text.includes("neighbor advertisement")) {
    return "unsolicited-advertisement";
  }
  return "data";
}
