declare const brand: unique symbol;

/** A `T` which has been checked, once, at the edge of the program. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
