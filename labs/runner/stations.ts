/**
 * Guests that are nothing but what they say, behind the host of any leaf, or of several at once: for
 * what the one machine of the lab can not be, in two places, or many.
 */
import type { Fabric } from "./fabric.ts";
import { Assistant } from "./json-lines.ts";
import { inRepository } from "./repository.ts";

export interface StationQuestion {
  /** In base64. */
  readonly frames: readonly string[];
}

export interface StationAnswer {
  readonly sent: number;
}

/** The host's only port. */
const PORT = "eth1";

export class Stations {
  readonly #host: Assistant<StationQuestion, StationAnswer>;

  constructor(fabric: Fabric, node: string) {
    const command = [process.execPath, inRepository("dist/labs/runner/station.js"), PORT];
    this.#host = new Assistant(fabric.spawn(node, command, { stdio: ["pipe", "pipe", "inherit"] }));
  }

  /** Resolves when the frames have left. */
  async send(frames: readonly Uint8Array[]): Promise<void> {
    await this.#host.ask({ frames: frames.map((frame) => Buffer.from(frame).toString("base64")) });
  }
}
