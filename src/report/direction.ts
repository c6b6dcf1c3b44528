/** Which way a MAC went, as seen from this leaf: a word for counters and sentences. */
import type { Place } from "../mobility/notice.ts";

export type Direction =
  /** From nowhere: a new host. */
  | "arrived"
  /** To nowhere. */
  | "left"
  /** From another leaf to us. */
  | "in"
  /** From us to another leaf. */
  | "out"
  /** From one of our ports to another. */
  | "within"
  /** Between two other leaves. */
  | "elsewhere";

export function directionOf(from: Place, to: Place): Direction {
  if (to.kind === "nowhere") return "left";
  if (from.kind === "nowhere") return "arrived";
  if (from.kind === "port") return to.kind === "port" ? "within" : "out";
  return to.kind === "port" ? "in" : "elsewhere";
}

/** A port's name or a VTEP's address; `null`: nowhere. */
export function placeName(place: Place): string | null {
  switch (place.kind) {
    case "port":
      return place.port;
    case "vtep":
      return place.vtep;
    case "nowhere":
      return null;
  }
}
