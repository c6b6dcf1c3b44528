/** A listener that keeps what it is told, and lets a test wait for a state of it. */
import type { RowAt, TableName } from "../../src/evpn/rows.ts";
import type { GobgpNotice } from "../../src/gobgp/notice.ts";
import type { Listener, Observation } from "../../src/mobility/observation.ts";

export class Keeper implements Listener<GobgpNotice> {
  readonly observations: Observation[] = [];
  readonly echoes: RowAt[] = [];
  readonly resyncs: TableName[] = [];
  readonly notices: GobgpNotice[] = [];
  #waiting: (() => void)[] = [];

  readonly news = (observation: Observation): void => this.#keep(this.observations, observation);
  readonly echo = (seen: RowAt): void => this.#keep(this.echoes, seen);
  readonly resync = (table: TableName): void => this.#keep(this.resyncs, table);
  readonly tell = (notice: GobgpNotice): void => this.#keep(this.notices, notice);

  of<K extends Observation["kind"]>(kind: K): Extract<Observation, { kind: K }>[] {
    return this.observations.filter(
      (each): each is Extract<Observation, { kind: K }> => each.kind === kind,
    );
  }

  told<K extends GobgpNotice["kind"]>(kind: K): Extract<GobgpNotice, { kind: K }>[] {
    return this.notices.filter(
      (each): each is Extract<GobgpNotice, { kind: K }> => each.kind === kind,
    );
  }

  clear(): void {
    for (const list of [this.observations, this.echoes, this.resyncs, this.notices]) {
      list.length = 0;
    }
  }

  /** Resolves as soon as `condition` gives something, asked at everything that is told. */
  async until<T>(condition: () => T | undefined | false, patienceMs = 15_000): Promise<T> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, patienceMs);
    try {
      for (;;) {
        const value = condition();
        if (value !== undefined && value !== false) return value;
        if (late) throw new Error(this.#dump(condition));
        await new Promise<void>((resolve) => {
          this.#waiting.push(resolve);
        });
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #keep<T>(list: T[], item: T): void {
    list.push(item);
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  #dump(condition: () => unknown): string {
    return [
      `Waited in vain for ${condition}`,
      ...this.observations.slice(-20).map((each) => JSON.stringify(each)),
      ...this.notices.slice(-20).map((each) => JSON.stringify(each)),
    ].join("\n");
  }
}
