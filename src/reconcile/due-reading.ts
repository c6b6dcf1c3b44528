/** Whether a table must be read, why, and when: not before it may be, and later after it could not be. */
import { backoffMs } from "./backoff.ts";

export class DueReading {
  #cause: string | undefined = "start";
  #at = 0;
  #attempts = 0;
  #isAllowed = false;
  #isUnderWay = false;

  /** From now on. */
  allow(): void {
    this.#isAllowed = true;
  }

  /** It must be, and is not to wait. */
  ask(cause: string): void {
    this.#cause = cause;
    this.#at = 0;
    this.#attempts = 0;
  }

  isDue(now: number): boolean {
    const { at } = this;
    return at !== undefined && now >= at;
  }

  /** When it is to be tried; `undefined`: it need not be read, or may not, or is being read. */
  get at(): number | undefined {
    const mayBe = this.#isAllowed && !this.#isUnderWay;
    return mayBe && this.#cause !== undefined ? this.#at : undefined;
  }

  /** It is being read; answers why. */
  begin(): string {
    const cause = this.#cause ?? "";
    this.#cause = undefined;
    this.#isUnderWay = true;
    return cause;
  }

  done(): void {
    this.#isUnderWay = false;
    this.#attempts = 0;
  }

  /** It could not be read. Unless it was asked for anew meanwhile, which is not to wait, it waits. */
  failed(cause: string, now: number): void {
    this.#isUnderWay = false;
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#at = now + backoffMs(++this.#attempts);
  }
}
