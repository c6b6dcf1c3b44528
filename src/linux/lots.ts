/**
 * Datagrams that come one by one, and very fast, are read together: a socket that was read so often within
 * so short a time rests for as long. Of 300,000 frames a second the thread would else be woken for three or
 * four, which costs as much as they do.
 */
import type { DatagramSocket } from "./native.ts";

export interface LotOptions {
  /** Readings within `lotMs` after which the socket rests. */
  readonly often: number;
  /** Milliseconds; how late a datagram may be read for it. */
  readonly lotMs: number;
}

export class Lots implements Disposable {
  readonly #socket: Pick<DatagramSocket, "pause" | "resume">;
  readonly #options: LotOptions;
  #readings = 0;
  /** When the first of them was. */
  #readSince = 0;
  #rest: NodeJS.Timeout | undefined;

  constructor(socket: Pick<DatagramSocket, "pause" | "resume">, options: LotOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#rest);
  }

  /** The socket was read, at this time in milliseconds. */
  wasRead(at: number): void {
    const { often, lotMs } = this.#options;
    if (this.#readings === 0) this.#readSince = at;
    if (++this.#readings < often) return;
    this.#readings = 0;
    if (at - this.#readSince >= lotMs) return;
    this.#socket.pause();
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#socket.resume(), lotMs);
  }
}
