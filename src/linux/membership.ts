/** The questions to all who are behind a port: of which multicast groups are you? */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, encodeEthernet } from "../wire/ethernet.ts";
import { encodeIgmpQuery, encodeMldQuery } from "../wire/membership.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Place } from "./segments.ts";

/** Whom to ask. */
export interface MembershipQuery {
  readonly vni: Vni;
  readonly port: PortName;
}

/** RFC 1112 §6.4 of 224.0.0.1, RFC 2464 §7 of ff02::1. */
const TO_ALL_SYSTEMS = "01:00:5e:00:00:01" as MacAddress;
const TO_ALL_NODES = "33:33:00:00:00:01" as MacAddress;

/** `asker` is the leaf's own MAC in this bridge. */
export function membershipFrames(asker: MacAddress): readonly Uint8Array[] {
  const igmp = { etherType: ETHERTYPE_IPV4, payload: encodeIgmpQuery() };
  const mld = { etherType: ETHERTYPE_IPV6, payload: encodeMldQuery() };
  return [
    encodeEthernet({ destination: TO_ALL_SYSTEMS, source: asker, ...igmp }),
    encodeEthernet({ destination: TO_ALL_NODES, source: asker, ...mld }),
  ];
}

/** Asks by that port alone; the bridge does not see it, and hence takes nobody for a querier. */
export function askMembership(
  packets: Pick<PacketSource, "send">,
  place: Place | undefined,
  { vni, port }: MembershipQuery,
): Result<undefined> {
  const meant = [...(place?.ports.values() ?? [])].find(({ name }) => name === port);
  if (meant === undefined || place?.bridgeMac === undefined) {
    return err(`Cannot ask on ${port}: it is no port of vni ${vni}`);
  }
  for (const frame of membershipFrames(place.bridgeMac)) {
    const sent = packets.send(meant, frame);
    if (!sent.ok) return sent;
  }
  return ok(undefined);
}
