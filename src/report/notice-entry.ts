/** What there is to say of one kind of notice; see `notices.ts`. */
import type { CounterName } from "./metric-docs.ts";

export type Level = "debug" | "info" | "warn" | "error";

/** A counter, the value of its label, and how many there were; 1 if it is not said. */
export type Count = readonly [counter: CounterName, value: string, by?: number];

export interface Entry<N> {
  readonly level: Level | ((notice: N) => Level);
  readonly sentence: (notice: N) => string;
  /** Besides `roamd_notices_total`, which counts all of them. */
  readonly counts?: (notice: N) => readonly Count[];
}

export type Entries<N extends { readonly kind: string }> = {
  readonly [K in N["kind"]]: Entry<Extract<N, { readonly kind: K }>>;
};
