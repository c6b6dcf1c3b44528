/** Rows of somebody else at places where ours could be needed: they are left alone. */
export class ForeignRows {
  readonly #descriptions = new Map<string, string>();

  /** Why nothing of ours may be written at this place, as the end of a sentence. */
  at(place: string): string | undefined {
    return this.#descriptions.get(place);
  }

  add(place: string, description: string): void {
    this.#descriptions.set(place, description);
  }

  /** Answers whether there was one. */
  delete(place: string): boolean {
    return this.#descriptions.delete(place);
  }

  /** Forgets what is not in `places`. */
  keepOnly(places: (place: string) => boolean): void {
    for (const place of this.#descriptions.keys()) {
      if (!places(place)) this.#descriptions.delete(place);
    }
  }
}
