/** Frames that nobody has looked at, told together: in a flood they come batch after batch. */

export class Unseen implements Disposable {
  readonly #tell: (frames: number) => void;
  readonly #togetherMs: number;
  #frames = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Those of so many milliseconds are told together. */
  constructor(tell: (frames: number) => void, togetherMs: number) {
    this.#tell = tell;
    this.#togetherMs = togetherMs;
  }

  /** Told within that time. */
  add(frames: number): void {
    this.#frames += frames;
    this.#timer ??= setTimeout(() => this[Symbol.dispose](), this.#togetherMs).unref();
  }

  /** Tells at once what has not been told. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#frames > 0) this.#tell(this.#frames);
    this.#frames = 0;
  }
}
