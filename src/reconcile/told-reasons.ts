/** Why rows can not be written at all, as it has been told: once, however often it is tried again. */
import type { Failure } from "./driver.ts";

export class ToldReasons<Key extends string> {
  readonly #reasons = new Map<Key, string>();

  /** What time does not heal is tried again whenever the table is read. */
  isNews({ key, kind, reason }: Failure<Key>): boolean {
    if (kind === "later") return true;
    if (this.#reasons.get(key) === reason) return false;
    this.#reasons.set(key, reason);
    return true;
  }

  forget(key: Key): void {
    if (this.#reasons.size > 0) this.#reasons.delete(key);
  }
}
