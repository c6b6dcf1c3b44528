/** What a witness in a leaf is asked, and what it answers. */
import type { Crowd } from "../lab/hosts.ts";

/** Where a crowd should be: behind a port, or at a VTEP. */
export type Whereto =
  | { readonly kind: "port"; readonly port: string }
  | { readonly kind: "vtep"; readonly vtep: string };

export type WitnessQuestion =
  /** Whether it comes before all others from now on: see `first-in-line.ts`. */
  | { readonly kind: "first-in-line"; readonly isFirst: boolean }
  /** From now on, when does each of the crowd come to be there? */
  | {
      readonly kind: "expect";
      readonly crowd: Crowd;
      readonly place: Whereto;
      /** With the hosts' neighbour entries. */
      readonly withIps: boolean;
    }
  /** Waits for all that is expected. */
  | { readonly kind: "arrived"; readonly timeoutMs: number }
  /** Reads the kernel's tables anew, and holds them against what is expected. */
  | { readonly kind: "inspect" }
  /** Until none of the crowd has an entry that is not a port's. */
  | { readonly kind: "gone"; readonly timeoutMs: number }
  /** Takes away all that stands for hosts, by whomever. */
  | { readonly kind: "clear" }
  /** How many messages there were about hosts since the last such question. */
  | { readonly kind: "touched" };

export interface WitnessAnswer {
  /** Milliseconds since the epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** How many of the crowd are where they should be. */
  readonly right: number;
  /** Of those that are, how many are behind a port and at a VTEP still; only of `inspect`. */
  readonly leftover: number;
  readonly neighbours: number;
  readonly touched: number;
  /** The kernel had more to say than there was room. */
  readonly overruns: number;
}
