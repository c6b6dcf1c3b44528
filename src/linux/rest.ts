/**
 * A moment in which nobody listens to hosts. Frames wait in their sockets, and what bridges have learned is
 * kept; frames say more of the same hosts and are told first.
 */
import type { DatagramSocket } from "./native.ts";

/** About what a route takes until other leaves follow it, where processors have much to do. */
const REST_MS = 10;

/** Where frames come from. */
export interface Ears {
  sockets(): Iterable<Pick<DatagramSocket, "pause" | "resume">>;
  /** Tells what has come by now. */
  hear(): void;
}

export class Rest implements Disposable {
  readonly #ears: Ears;
  #timer: NodeJS.Timeout | undefined;
  #kept: (() => void)[] = [];

  constructor(ears: Ears) {
    this.#ears = ears;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#kept = [];
  }

  begin(): void {
    if (this.#timer !== undefined) return;
    for (const socket of this.#ears.sockets()) socket.pause();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const socket of this.#ears.sockets()) socket.resume();
      this.hear();
    }, REST_MS);
  }

  /** Tells it when the rest is over, or at once if there is none. */
  tell(news: () => void): void {
    if (this.#timer === undefined) news();
    else this.#kept.push(news);
  }

  /** All that has come by now, though the rest goes on. */
  hear(): void {
    this.#ears.hear();
    for (const news of this.#kept.splice(0)) news();
  }
}
