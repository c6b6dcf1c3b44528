/**
 * An announcement as a frame. It comes from the host it speaks for, as the kernel's own proxied answers
 * do: whatever switch is behind the port learns the host on the way to us.
 */
import type { Announcement, Audience } from "../evpn/announcement.ts";
import { type IpAddress, isIpv6 } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import { type ArpPacket, encodeArp } from "../wire/arp.ts";
import { ETHERTYPE_ARP, ETHERTYPE_IPV6, encodeEthernet } from "../wire/ethernet.ts";
import { encodeNd } from "../wire/nd.ts";
import { ZERO_MAC } from "./ownership.ts";
import type { PacketSource } from "./packet-source.ts";
import type { Place, Way } from "./segments.ts";

const TO_ALL = "ff:ff:ff:ff:ff:ff" as MacAddress;
const ALL_NODES = "ff02::1" as IpAddress;
/** RFC 2464 §7, of `ff02::1`. */
const TO_ALL_NODES = "33:33:00:00:00:01" as MacAddress;

/** Sends it to whom it is meant for; answers why it could not where it could not. */
export function announce(
  packets: Pick<PacketSource, "send">,
  place: Place | undefined,
  announcement: Announcement,
): readonly string[] {
  const { vni, ip, to } = announcement;
  if (place === undefined) return [`Cannot announce ${ip}: there is no vni ${vni}`];
  const frame = announcementFrame(announcement);
  return waysTo(place, to).flatMap((way) => {
    const sent = packets.send(way, frame);
    return sent.ok ? [] : [sent.error];
  });
}

/** The interfaces by which the audience is reached. A port that is down has nobody behind it. */
function waysTo({ ports, vxlanIndex }: Place, to: Audience): readonly Way[] {
  if (to.kind === "tunnel") return [{ ifindex: vxlanIndex, tag: 0 }];
  const up = [...ports.values()].filter(({ state }) => state === "up");
  const meant =
    to.kind === "prober"
      ? up.filter(({ name }) => name === to.port)
      : up.filter(({ name }) => name !== to.except);
  return meant;
}

function announcementFrame(announcement: Announcement): Uint8Array {
  const { ip, mac, to } = announcement;
  if (isIpv6(ip)) return advertisement(announcement);
  const isAnswer = to.kind === "prober";
  const packet: ArpPacket = {
    // RFC 5227 §3: an announcement is a request; §2.1.1: a probe is answered as any request.
    operation: isAnswer ? "reply" : "request",
    senderMac: mac,
    senderIp: ip,
    targetMac: isAnswer ? to.mac : ZERO_MAC,
    targetIp: isAnswer ? ("0.0.0.0" as IpAddress) : ip,
  };
  return encodeEthernet({
    destination: isAnswer ? to.mac : TO_ALL,
    source: mac,
    etherType: ETHERTYPE_ARP,
    payload: encodeArp(packet),
  });
}

/** To all and not as an answer (S=0), also where it is one: who probes has no address (RFC 4861 §7.2.4). */
function advertisement({ ip, mac, router }: Announcement): Uint8Array {
  return encodeEthernet({
    destination: TO_ALL_NODES,
    source: mac,
    etherType: ETHERTYPE_IPV6,
    payload: encodeNd({
      kind: "neighbour-advertisement",
      source: ip,
      destination: ALL_NODES,
      target: ip,
      linkAddress: mac,
      router,
      solicited: false,
      override: true,
    }),
  });
}
