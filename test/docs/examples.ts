/** How examples of notices stand in these files: by kind, without repeating it. */
export type Examples<N extends { readonly kind: string }> = {
  readonly [K in N["kind"]]: readonly [
    Omit<Extract<N, { readonly kind: K }>, "kind">,
    ...Omit<Extract<N, { readonly kind: K }>, "kind">[],
  ];
};
