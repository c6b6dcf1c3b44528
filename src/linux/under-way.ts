/**
 * Places of entries that we are writing, or were just now: what the kernel tells of them may be our own
 * doing, half-way. What it had to tell of a write waits in our socket when the write's answer is here,
 * and is taken in within the next turn of the event loop.
 */
export class UnderWay {
  readonly #places = new Map<string, number>();

  has(place: string): boolean {
    return this.#places.has(place);
  }

  begin(places: readonly string[]): void {
    for (const place of places) this.#places.set(place, (this.#places.get(place) ?? 0) + 1);
  }

  /** The answer is here. */
  answered(places: readonly string[]): void {
    if (places.length > 0) setImmediate(() => setImmediate(() => this.#end(places)));
  }

  #end(places: readonly string[]): void {
    for (const place of places) {
      const left = (this.#places.get(place) ?? 0) - 1;
      if (left > 0) this.#places.set(place, left);
      else this.#places.delete(place);
    }
  }
}
