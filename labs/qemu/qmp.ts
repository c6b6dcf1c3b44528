/** The QEMU machine protocol: commands, their answers and the events between them, as lines of JSON. */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch, by QEMU's own clock. */
  readonly at: number;
}

interface Message {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly timestamp?: { readonly seconds: number; readonly microseconds: number };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Qmp implements Disposable {
  /** All there were, in their order. */
  readonly events: QmpEvent[] = [];
  readonly #socket: Socket;
  /** QEMU answers in the order of the questions. */
  readonly #waiting: Waiting[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket });
    lines.on("line", (line) => this.#hear(JSON.parse(line)));
    // A socket that breaks is closed as well, which is heard. Its errors come here too.
    lines.on("error", () => undefined);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      for (const each of this.#waiting.splice(0)) each.reject(new Error("QEMU has hung up"));
    });
  }

  /** Resolves when QEMU takes commands; rejects where nobody listens yet. */
  static async connect(path: string): Promise<Qmp> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const qmp = new Qmp(socket);
    await qmp.execute("qmp_capabilities");
    return qmp;
  }

  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    const question = { execute: command, ...(args === undefined ? {} : { arguments: args }) };
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        resolve,
        reject: (cause) => reject(new Error(`Cannot ${command}: ${cause.message}`, { cause })),
      });
      this.#socket.write(`${JSON.stringify(question)}\n`);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #hear({ event, data = {}, timestamp, error, ...rest }: Message): void {
    if (event !== undefined && timestamp !== undefined) {
      const at = timestamp.seconds * 1000 + timestamp.microseconds / 1000;
      this.events.push({ event, data, at });
    } else if (error !== undefined) {
      this.#waiting.shift()?.reject(new Error(error.desc));
    } else if ("return" in rest) {
      this.#waiting.shift()?.resolve(rest.return);
    }
  }
}
