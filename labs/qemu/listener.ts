/** `configs/hooks/qmp-listener.js` in a leaf of the lab, beside the QEMU it listens to. */
import type { Fabric } from "../runner/fabric.ts";
import { poll } from "../runner/poll.ts";
import type { Leaf } from "../runner/scene.ts";

export class QmpListener {
  /** All it has said so far. */
  said = "";

  /** Resolves when it has given its first word: it knows how things are. */
  static async start(
    fabric: Fabric,
    leaf: Leaf,
    { qmp, nic }: { readonly qmp: string; readonly nic: string },
  ): Promise<QmpListener> {
    const listener = new QmpListener();
    const program = "/roamd/configs/hooks/qmp-listener.js";
    const child = fabric.spawn(leaf, ["node", program, "--qmp", qmp, "--nic", nic], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      listener.said += text;
    });
    await poll(`the listener at ${leaf} to speak`, () => /roam .*\n.*\n/.test(listener.said), {
      otherwise: () => listener.said,
    });
    return listener;
  }
}
