/** How much else the machine had to do while we measured. */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";

export interface Heard {
  /** Others had the processors for more than this machine can spare. */
  readonly isBusy: boolean;
  readonly sentence: string;
}

/** Of all processors' time, what others took without asking. */
const STEAL_MOST = 0.02;

interface Times {
  readonly all: number;
  readonly steal: number;
}

export class Noise {
  readonly #load = loadavg()[0] ?? 0;
  readonly #times = readTimes();

  static begin(): Noise {
    return new Noise();
  }

  end(): Heard {
    const { all, steal } = readTimes();
    const share = (steal - this.#times.steal) / Math.max(1, all - this.#times.all);
    const isBusy = this.#load > cpus().length / 4 || share > STEAL_MOST;
    const machine = `${cpus().length} processors, Linux ${release()}, Node ${process.version}`;
    const load = `load ${this.#load.toFixed(2)} at the start`;
    const stolen = `${(share * 100).toFixed(1)} % of the time stolen by the host`;
    const verdict = isBusy ? "THE MACHINE WAS BUSY: these figures are noisy" : "a quiet machine";
    return { isBusy, sentence: `${machine}; ${load}, ${stolen}: ${verdict}.` };
  }
}

function readTimes(): Times {
  const [line = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const times = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: times.reduce((sum, time) => sum + time, 0), steal: times[7] ?? 0 };
}
