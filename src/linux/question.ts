/**
 * A question to one host: "do you have this IP?"; as whom it is asked stands in `evpn/question.ts`. A
 * Linux host with a strict reverse path filter and no route that way does not answer the IPv4 one.
 */
import { type IpAddress, isIpv6 } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import { askerAddress } from "../evpn/question.ts";
import { err, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import { encodeArp } from "../wire/arp.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV6, encodeEthernet } from "../wire/ethernet.ts";
import { encodeNd } from "../wire/nd.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Place } from "./segments.ts";

/** Whom to ask about what. */
export interface Question {
  readonly vni: Vni;
  readonly port: PortName;
  readonly mac: MacAddress;
  readonly ip: IpAddress;
}

export function ask(
  packets: Pick<PacketSource, "send">,
  place: Place | undefined,
  { vni, port, ...host }: Question,
): Result<undefined> {
  for (const way of place?.ports.values() ?? []) {
    if (way.name !== port || place?.bridgeMac === undefined) continue;
    return packets.send(way, questionFrame(host, place.bridgeMac));
  }
  return err(`Cannot ask on ${port}: it is no port of vni ${vni}`);
}

/** `asker` is the leaf's own MAC in this bridge, to which the answer comes. */
function questionFrame({ mac, ip }: Pick<Question, "mac" | "ip">, asker: MacAddress): Uint8Array {
  const isV6 = isIpv6(ip);
  const payload = isV6
    ? encodeNd({
        kind: "neighbour-solicitation",
        source: askerAddress(ip, asker),
        destination: ip,
        target: ip,
        linkAddress: asker,
      })
    : encodeArp({
        operation: "request",
        senderMac: asker,
        senderIp: askerAddress(ip, asker),
        targetMac: mac,
        targetIp: ip,
      });
  const etherType = isV6 ? ETHERTYPE_IPV6 : ETHERTYPE_ARP;
  return encodeEthernet({ destination: mac, source: asker, etherType, payload });
}
