/**
 * Remembers what was made of numbers lately, so that it need not be made again, and is the same text:
 * what stands in frames is mostly what stood in those before. A table in which a number has one place,
 * and the newer takes that of the older; it never grows, whatever comes.
 */
/** A power of two. */
const PLACES = 1024;

export class Lately<T> {
  readonly #numbers: Float64Array = new Float64Array(PLACES).fill(-1);
  /** Full from the start: V8 makes a dictionary of an array that begins at its end. */
  readonly #made: (T | undefined)[] = Array.from({ length: PLACES }, () => undefined);

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

/** By the last ten bits: neighbours stand beside one another. `%` would divide, as MACs are above 2^32. */
function placeOf(number: number): number {
  return number & (PLACES - 1);
}
