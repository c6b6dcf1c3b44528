/** A table as we want it, as we believe it to stand outside, and what would have to be done. */
import type { ChangeKind } from "./applied.ts";
import type { Change } from "./driver.ts";
import { type Rows, Side, type Slot } from "./slot.ts";

export class Difference<Key extends string, Row> {
  readonly #agree: (wanted: Row, actual: Row) => boolean;
  /** Of the keys at which a row is wanted, or stands. */
  #slots = new Map<Key, Slot<Row>>();
  readonly #desired: Side<Key, Row>;
  readonly #actual: Side<Key, Row>;
  /** What a failed write may have left there in part: written over, whatever `actual` says. */
  readonly #leftover = new Map<Key, Row>();

  constructor(agree: (wanted: Row, actual: Row) => boolean) {
    this.#agree = agree;
    const slots = (): ReadonlyMap<Key, Slot<Row>> => this.#slots;
    this.#desired = new Side("wanted", slots);
    this.#actual = new Side("standing", slots);
  }

  get desired(): Rows<Key, Row> {
    return this.#desired;
  }

  get actual(): Rows<Key, Row> {
    return this.#actual;
  }

  same(wanted: Row | undefined, actual: Row | undefined): boolean {
    if (wanted === actual) return true;
    return wanted !== undefined && actual !== undefined && this.#agree(wanted, actual);
  }

  /** Answers whether this is another row than was wanted before. Where it stands, it is kept once. */
  want(key: Key, row: Row | undefined): boolean {
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      if (row === undefined) return false;
      this.#slots.set(key, { wanted: row, standing: undefined });
      this.#desired.size++;
      return true;
    }
    const { wanted, standing } = slot;
    this.#desired.changed(wanted, row);
    slot.wanted = row;
    if (row === undefined && standing === undefined) this.#slots.delete(key);
    else if (row !== undefined && this.same(row, standing)) slot.standing = row;
    return !this.same(row, wanted);
  }

  /** What stands at this key, as far as we can tell. Where it is what we want, it is kept once. */
  stands(key: Key, row: Row | undefined): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) {
      if (row === undefined) return;
      this.#slots.set(key, { wanted: undefined, standing: row });
      this.#actual.size++;
      return;
    }
    const { wanted, standing } = slot;
    this.#actual.changed(standing, row);
    slot.standing = wanted !== undefined && this.same(wanted, row) ? wanted : row;
    if (row === undefined && wanted === undefined) this.#slots.delete(key);
  }

  /** A write of this row has failed half-way, or nobody can tell how far it came. */
  mayBeLeft(key: Key, row: Row): void {
    this.#leftover.set(key, row);
  }

  /** A write has been done in full. */
  written(key: Key): void {
    this.#leftover.delete(key);
  }

  /** What is to be done at this key, if anything. */
  changeFor(key: Key): Change<Key, Row> | undefined {
    const slot = this.#slots.get(key);
    const leftover = this.#leftover.get(key);
    if (leftover === undefined && this.same(slot?.wanted, slot?.standing)) return undefined;
    if (slot?.wanted !== undefined) return { kind: "put", key, row: slot.wanted };
    const row = slot?.standing ?? leftover;
    return row === undefined ? undefined : { kind: "remove", key, row };
  }

  /**
   * Takes in what was read, but for the keys that are known better. The map is given away: it is what
   * stands from now on.
   */
  read(rows: Map<Key, Row>, knownBetter: ReadonlySet<Key>): void {
    for (const key of knownBetter) {
      const known = this.#slots.get(key)?.standing;
      if (known === undefined) rows.delete(key);
      else rows.set(key, known);
    }
    this.#actual.size = rows.size;
    const before = this.#slots;
    this.#slots = slotsOf(rows);
    for (const [key, { wanted }] of before) if (wanted !== undefined) this.#keep(key, wanted);
  }

  /** It is wanted still, whatever was read. */
  #keep(key: Key, wanted: Row): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) this.#slots.set(key, { wanted, standing: undefined });
    else {
      slot.wanted = wanted;
      if (this.same(wanted, slot.standing)) slot.standing = wanted;
    }
  }

  /** All that is not right, by what is to be done. */
  wrong(): Readonly<Record<ChangeKind, readonly Key[]>> {
    const put: Key[] = [];
    const remove: Key[] = [];
    for (const [key, { wanted, standing }] of this.#slots) {
      if (this.same(wanted, standing) && !this.#leftover.has(key)) continue;
      if (wanted === undefined) remove.push(key);
      else put.push(key);
    }
    for (const key of this.#leftover.keys()) if (!this.#slots.has(key)) remove.push(key);
    return { put, remove };
  }
}

/** In the same map: of hundreds of thousands of rows, another would take its time to grow. */
function slotsOf<Key, Row>(rows: Map<Key, Row>): Map<Key, Slot<Row>> {
  const slots: Map<Key, Row | Slot<Row>> = rows;
  for (const [key, row] of rows) slots.set(key, { wanted: undefined, standing: row });
  return slots as Map<Key, Slot<Row>>;
}
