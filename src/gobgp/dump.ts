/**
 * The beginning of a watch: gobgpd tells of all that stands, and then of every change, and does not
 * mark where the one ends. But it tells of what stands in one go, cut into messages which all have one
 * path more than was asked for, except the last, which has fewer, and none where nothing is left. Before
 * 3.27 all of it is one message. (Read in 3.10, 3.36 and 4.8: `WatchEvent`, `watchEventBestPath`.)
 */
export class Dump {
  /** Resolves with the message that is the last. */
  readonly over: Promise<void>;
  readonly #batchSize: number;
  #resolve: () => void = () => {};
  #messages = 0;
  #largest = 0;
  #isOver = false;

  constructor(batchSize: number) {
    this.#batchSize = batchSize;
    this.over = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many messages have come of it, up to its end. */
  get messages(): number {
    return this.#messages;
  }

  /** The most paths that came in one message of it. */
  get largest(): number {
    return this.#largest;
  }

  /** A message has come with so many paths. */
  came(paths: number): void {
    if (this.#isOver) return;
    this.#messages++;
    // It may be cut as was asked some day: then a message that is full is not the last.
    const full = Math.max(this.#batchSize, this.#largest);
    this.#largest = Math.max(this.#largest, paths);
    this.#isOver = paths < full || paths > this.#batchSize + 1;
    if (this.#isOver) this.#resolve();
  }
}
