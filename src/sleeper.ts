/** The one sleeper of the program: wakes somebody at the earliest time that anybody asks for. */

/** Timers can not be longer; to wake too early does no harm. */
const LONGEST_MS = 0x7fff_ffff;

export class Sleeper {
  readonly #clock: () => number;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at: number | undefined;

  constructor(clock: () => number, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Sleeps until `at` instead of whatever was asked for before; `undefined`: for ever. */
  until(at: number | undefined): void {
    if (at === this.#at) return;
    clearTimeout(this.#timer);
    this.#at = at;
    if (at === undefined) return;
    const ms = Math.min(LONGEST_MS, Math.max(0, at - this.#clock()));
    this.#timer = setTimeout(() => {
      this.#at = undefined;
      // Node's timers end up to a millisecond early while the event loop is busy (seen on 20.20).
      if (this.#clock() < at) this.until(at);
      else this.#wake();
    }, Math.ceil(ms));
  }
}

/** The earlier of two times, of which either may not be. */
export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
