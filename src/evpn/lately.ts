/**
 * Remembers what was made of numbers lately, so that it need not be made again, and is the same text:
 * what stands in frames is mostly what stood in those before. A table in which a number has one place,
 * and the newer takes that of the older; it never grows, whatever comes.
 */
const PLACES = 1024;

export class Lately<T> {
  readonly #numbers: Float64Array = new Float64Array(PLACES).fill(-1);
  readonly #made: T[] = [];

  /** Whole, not negative. */
  of(number: number): T | undefined {
    const place = placeOf(number);
    return this.#numbers[place] === number ? this.#made[place] : undefined;
  }

  keep(number: number, made: T): T {
    const place = placeOf(number);
    this.#numbers[place] = number;
    this.#made[place] = made;
    return made;
  }
}

/** By the last ten bits: neighbours stand beside one another. */
function placeOf(number: number): number {
  return number % PLACES;
}
