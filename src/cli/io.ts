/** What a command may touch of the process. Tests hand in their own. */
export interface Io {
  /** Resolves when there is room for more. */
  readonly out: (text: string) => Promise<void>;
  readonly err: (text: string) => Promise<void>;
  readonly colour: boolean;
  /** How high the terminal is; `undefined`: it is none. */
  readonly screenLines?: number | undefined;
  /** The time of day, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal;
}

/** The contract with scripts. */
export const EXIT = { ok: 0, failure: 1, usage: 2, notReachable: 3 } as const;
