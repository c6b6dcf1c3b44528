/** Rows of somebody else at places where ours could be needed: they are left alone. */
export interface ForeignRow {
  /** Why nothing of ours may be written at this place, as the end of a sentence. */
  readonly description: string;
  /** The port of a bridge's entry that would be ours on the port of our VXLAN device. */
  readonly on?: number | undefined;
}

export class ForeignRows {
  readonly #rows = new Map<string, ForeignRow>();

  /** The description of what stands at this place, unless it is ours for being on `vxlanDevice`. */
  at(place: string, vxlanDevice?: number): string | undefined {
    const row = this.#rows.get(place);
    return row?.on !== undefined && row.on === vxlanDevice ? undefined : row?.description;
  }

  add(place: string, row: ForeignRow): void {
    this.#rows.set(place, row);
  }

  /** Answers whether there was one. */
  delete(place: string): boolean {
    return this.#rows.delete(place);
  }

  places(): Iterable<string> {
    return this.#rows.keys();
  }

  /** Forgets what is not in `places`. */
  keepOnly(places: (place: string) => boolean): void {
    for (const place of this.#rows.keys()) {
      if (!places(place)) this.#rows.delete(place);
    }
  }
}
