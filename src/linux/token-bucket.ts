/** So many per second, and no more than a second's at once. Has no clock of its own. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  /** Full at `at`, in milliseconds. */
  constructor(perSecond: number, at: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = at;
  }

  /** Takes up to `count`; answers how many there were. */
  take(count: number, at: number): number {
    const gained = (Math.max(0, at - this.#at) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#at = Math.max(this.#at, at);
    const taken = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  /** Nobody has taken anything for a second, or as good as nothing. */
  isFullAt(at: number): boolean {
    const gained = (Math.max(0, at - this.#at) / 1000) * this.#perSecond;
    return this.#tokens + gained >= this.#perSecond;
  }
}
