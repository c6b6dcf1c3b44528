/** Frames that nobody has looked at, told together: in a flood they come batch after batch. */

/** Long enough that to tell costs nothing, short enough for people. */
const TOGETHER_MS = 50;

export class OverLimit implements Disposable {
  readonly #tell: (frames: number) => void;
  #frames = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(tell: (frames: number) => void) {
    this.#tell = tell;
  }

  /** Told within a moment. */
  add(frames: number): void {
    this.#frames += frames;
    this.#timer ??= setTimeout(() => this[Symbol.dispose](), TOGETHER_MS).unref();
  }

  /** Tells at once what has not been told. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#frames > 0) this.#tell(this.#frames);
    this.#frames = 0;
  }
}
