/** What there is to tell of the state directory. */
export type StateNotice =
  /** Read at the start; damaged lines count for nothing. */
  | { readonly kind: "memory-read"; readonly memories: number; readonly damaged: number }
  /** Neither read nor written: the RIB and the kernel are the memory. */
  | { readonly kind: "memory-lost"; readonly reason: string }
  /** What has happened to hosts in former lives; damaged lines are left out. */
  | { readonly kind: "history-read"; readonly happenings: number; readonly damaged: number }
  /** It is neither read nor written: it ends with the process. */
  | { readonly kind: "history-lost"; readonly reason: string };
