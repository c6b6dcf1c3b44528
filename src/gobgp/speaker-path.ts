/**
 * A path as GoBGP's API says it, in either generation of the API, and not yet believed: what
 * `codec-v3.ts` and `codec-v4.ts` make of a message, what `read-route.ts` checks, and what
 * `write-route.ts` builds from a route of ours.
 */

export interface SpeakerPath {
  /** Of the EVPN family; a watch tells of all families. */
  readonly evpn: boolean;
  /** `undefined` is an End-of-RIB marker (RFC 4724 §2). */
  readonly nlri: Nlri | undefined;
  readonly attributes: readonly Attribute[];
  readonly withdraw: boolean;
  /** Best of its NLRI; only a listing tells it, a watch always says false. */
  readonly best: boolean;
  /** Who sent it; see `isLocal`. */
  readonly neighbor: string;
  /** When it came to gobgpd, seconds since the epoch; `undefined`: it does not say. */
  readonly since?: number | undefined;
  /** The attributes as they were on the wire, where they were asked for; `attributes` may lack some. */
  readonly raw?: readonly Uint8Array[] | undefined;
}

export type Nlri =
  | {
      readonly kind: "mac-ip";
      readonly rd: NumberedByName | undefined;
      readonly esi: { readonly type: number; readonly value: Uint8Array } | undefined;
      readonly ethernetTag: number;
      readonly mac: string;
      readonly ip: string;
      readonly labels: readonly number[];
    }
  | {
      readonly kind: "imet";
      readonly rd: NumberedByName | undefined;
      readonly ethernetTag: number;
      readonly ip: string;
    }
  /** A route type we do not speak, or bytes that are no such message. */
  | { readonly kind: "other" };

/** A route distinguisher, or the value of a route target. */
export type NumberedByName =
  | { readonly kind: "as2" | "as4"; readonly admin: number; readonly number: number }
  | { readonly kind: "ipv4"; readonly admin: string; readonly number: number };

export type Attribute =
  | { readonly kind: "origin"; readonly origin: number }
  | { readonly kind: "next-hop"; readonly nexthop: string }
  | { readonly kind: "mp-reach"; readonly nexthops: readonly string[] }
  | { readonly kind: "communities"; readonly communities: readonly Community[] }
  | {
      readonly kind: "pmsi";
      readonly flags: number;
      readonly type: number;
      readonly label: number;
      readonly id: Uint8Array;
    }
  | { readonly kind: "other" };

export type Community =
  | {
      readonly kind: "specific";
      readonly transitive: boolean;
      readonly subType: number;
      readonly value: NumberedByName;
    }
  | { readonly kind: "encapsulation"; readonly tunnelType: number }
  | { readonly kind: "mobility"; readonly sticky: boolean; readonly seq: number }
  | { readonly kind: "default-gateway" }
  | { readonly kind: "other" };

/** The attributes as they were on the wire, if gobgpd was asked for them. */
export function rawOf(pattrsBinary: readonly Uint8Array[]): SpeakerPath["raw"] {
  return pattrsBinary.length === 0 ? undefined : pattrsBinary;
}

/** AFI and SAFI of EVPN (RFC 7432 §7). */
export const EVPN_FAMILY = { afi: 25, safi: 70 } as const;

export function isEvpn(family: { afi: number; safi: number } | undefined): boolean {
  return family?.afi === EVPN_FAMILY.afi && family.safi === EVPN_FAMILY.safi;
}

/**
 * Between paths and the messages of one generation of the API. Encoding takes the time, in
 * milliseconds since the epoch, since the v4 API believes a path to be as old as it says.
 */
export interface PathCodec<Message> {
  encode(path: SpeakerPath, now: number): Message;
  /** Never throws: what can not be read comes out as `other`. */
  decode(message: Message): SpeakerPath;
}

/**
 * Whether the path was made on the speaker itself, by us or somebody else with access to its API.
 * API v4 says so with no neighbor, v3 with Go's word for nothing, 4.0 to 4.5 with an invalid one.
 */
export function isLocal(path: Pick<SpeakerPath, "neighbor">): boolean {
  return isNothing(path.neighbor);
}

/** The ways in which gobgpd's versions write an address that is not there. */
export function isNothing(address: string): boolean {
  return address === "" || address === "<nil>" || address === "invalid IP";
}
