/** What GoBGP has of routes, for people to look at: asked when they ask. */
import type { RouteId } from "./control/queries/route-filter.ts";
import type { PathView } from "./control/snapshot.ts";
import { attributesOf } from "./gobgp/raw-attributes.ts";
import type { Gobgp } from "./gobgp/speaker.ts";

export async function pathsOf(
  gobgp: Pick<Gobgp, "paths">,
  isWanted: (id: RouteId) => boolean,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly PathView[]>> {
  const seen = await gobgp.paths(isWanted, signal);
  return new Map(
    [...seen].map(([key, paths]) => [
      key,
      paths.map(({ raw, ...path }) => ({ ...path, attributes: () => attributesOf(raw) })),
    ]),
  );
}
