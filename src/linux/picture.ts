/** How one picture of the MAC-VRFs differs from the next, and what of it is news. */
import type { Vni } from "../evpn/vni.ts";
import type { Observation } from "../mobility/observation.ts";
import type { DeviceNotice } from "./notice.ts";
import type { Picture, Place, Port } from "./segments.ts";

/** What is different, in an order in which nothing is told of a place that is not there. */
export type PictureChange =
  | { readonly kind: "port-lost"; readonly vni: Vni; readonly port: Port }
  | { readonly kind: "place-lost"; readonly place: Place }
  /** `isNew`: not just told anew. */
  | { readonly kind: "place-found"; readonly place: Place; readonly isNew: boolean }
  /** The neighbours are those of another interface now, or of none. */
  | { readonly kind: "neighbours-moved"; readonly place: Place }
  | { readonly kind: "port-found"; readonly place: Place; readonly port: Port }
  | {
      readonly kind: "port-changed";
      readonly place: Place;
      readonly before: Port;
      readonly port: Port;
    }
  | { readonly kind: "noticed"; readonly notice: DeviceNotice };

export function compare(before: Picture, after: Picture): readonly PictureChange[] {
  const lost: PictureChange[] = [];
  const found: PictureChange[] = [];
  for (const [vni, place] of before.places) {
    const now = after.places.get(vni);
    const stays = now !== undefined && isSame(place, now);
    for (const port of place.ports.values()) {
      if (!stays || !now.ports.has(port.ifindex)) lost.push({ kind: "port-lost", vni, port });
    }
    if (!stays) lost.push({ kind: "place-lost", place });
  }
  for (const [vni, place] of after.places) {
    const known = before.places.get(vni);
    const was = known !== undefined && isSame(known, place) ? known : undefined;
    if (JSON.stringify(was?.segment) !== JSON.stringify(place.segment)) {
      found.push({ kind: "place-found", place, isNew: was === undefined });
    }
    if (was !== undefined && was.neighbourIndex !== place.neighbourIndex) {
      found.push({ kind: "neighbours-moved", place });
    }
    for (const port of place.ports.values()) {
      const portWas = was?.ports.get(port.ifindex);
      if (portWas === undefined) found.push({ kind: "port-found", place, port });
      else if (JSON.stringify(portWas) !== JSON.stringify(port)) {
        found.push({ kind: "port-changed", place, before: portWas, port });
      }
    }
  }
  const known = new Set(before.notices.map((notice) => JSON.stringify(notice)));
  for (const notice of after.notices) {
    if (!known.has(JSON.stringify(notice))) found.push({ kind: "noticed", notice });
  }
  return [...lost, ...found];
}

/** What a change is to those who decide. A port that can not carry frames is not there for them. */
export function newsOf(change: PictureChange): readonly Observation[] {
  switch (change.kind) {
    case "place-lost":
      return [{ kind: "segment-down", vni: change.place.segment.vni }];
    case "place-found":
      return [{ kind: "segment-up", segment: change.place.segment }];
    case "port-lost": {
      const { vni, port } = change;
      return port.state === "up" ? [{ kind: "port-down", vni, port: port.name }] : [];
    }
    case "port-found": {
      const { place, port } = change;
      const { vni } = place.segment;
      return port.state === "up" ? [{ kind: "port-up", vni, port: port.name }] : [];
    }
    case "port-changed": {
      const { place, before, port } = change;
      const { vni } = place.segment;
      const news: Observation[] = [];
      if (before.name !== port.name) {
        news.push({ kind: "port-renamed", vni, from: before.name, to: port.name });
      }
      if (before.state !== port.state) {
        news.push({ kind: `port-${port.state}`, vni, port: port.name });
      }
      return news;
    }
    case "neighbours-moved":
    case "noticed":
      return [];
  }
}

/**
 * The same devices and VLAN, whatever they are called and whatever their addresses: what we have
 * written to them is still there, and so are the hosts.
 */
function isSame(a: Place, b: Place): boolean {
  return a.tunnel === b.tunnel && a.bridge === b.bridge;
}
