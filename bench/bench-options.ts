/** What every bench is given. */
import type { Binaries } from "./lab/daemons.ts";

export interface BenchOptions {
  readonly binaries: Binaries;
  /** Small, to see that everything can run: times say nothing. */
  readonly isSmoke: boolean;
  /** Tells people how far it has come. */
  readonly say: (text: string) => void;
}
