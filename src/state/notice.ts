/** What there is to tell of the state directory. */
export type StateNotice =
  /** Read at the start; damaged lines count for nothing. */
  | { readonly kind: "memory-read"; readonly memories: number; readonly damaged: number }
  /** Neither read nor written: the RIB and the kernel are the memory. */
  | { readonly kind: "memory-lost"; readonly reason: string };
