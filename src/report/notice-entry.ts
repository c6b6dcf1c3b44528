/** What there is to say of one kind of notice; see `notices.ts`. */
import type { CounterName } from "./metrics.ts";

export type Level = "debug" | "info" | "warn" | "error";

/** A counter and the value of its label. */
export type Count = readonly [counter: CounterName, value: string];

export interface Entry<N> {
  readonly level: Level | ((notice: N) => Level);
  readonly sentence: (notice: N) => string;
  /** Besides `roamd_notices_total`, which counts all of them. */
  readonly counts?: (notice: N) => readonly Count[];
}

export type Entries<N extends { readonly kind: string }> = {
  readonly [K in N["kind"]]: Entry<Extract<N, { readonly kind: K }>>;
};
