/**
 * What one frame that came in by a port proves: which host is behind the port, and which IP address
 * it holds. Who is believed what is ruled by RFC 826, 903, 5227, 4861 and 4862.
 *
 * A frame speaks only for its own source address. One whose ARP or ND body names another hardware
 * address is a proxy's, a bond's or a liar's: it binds nothing and is ignored with a reason.
 */
import { type IpAddress, type IpRefusal, refuseHostIp } from "../evpn/ip.ts";
import { type MacAddress, type MacRefusal, refuseHostMac } from "../evpn/mac.ts";
import { askerAddress } from "../evpn/question.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Signal } from "../evpn/signal.ts";
import { type ArpPacket, type ArpRefusal, decodeArp } from "./arp.ts";
import {
  decodeEthernet,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV6,
  ETHERTYPE_RARP,
  type EthernetFrame,
  type EthernetRefusal,
} from "./ethernet.ts";
import { decodeNd, isMulticast, type NdMessage, type NdRefusal } from "./nd.ts";

export interface Sighting {
  readonly mac: MacAddress;
  /** The address that the frame binds to the MAC; `undefined` where it proves the MAC alone. */
  readonly ip: IpAddress | undefined;
  readonly signal: Signal;
  /** The address it wants for itself, if nobody else has it: of `arp-probe` and `dad`. */
  readonly probed?: IpAddress | undefined;
  /** Whether it is a router, where it says so (the R flag of RFC 4861 §4.4, or by advertising). */
  readonly router?: boolean | undefined;
  /** It does not insist where another is known to have the IP (O flag 0, RFC 4861 §4.4). */
  readonly yields?: true | undefined;
}

/** Why a frame says nothing; a counter's label. */
export type FrameIgnored =
  | EthernetRefusal
  | "unknown-ethertype"
  | MacRefusal
  | ArpRefusal
  /** The sender's hardware address in the body is not the frame's source. */
  | "arp-sender-mismatch"
  /** A RARP request for somebody else's sake. */
  | "rarp-target-mismatch"
  /** An answer about its target, not a sign of the target (RFC 903). */
  | "rarp-reply"
  | IpRefusal
  | NdRefusal
  /** The link-layer address option is not the frame's source. */
  | "nd-link-address-mismatch"
  /** An advertisement to all that does not say whose hardware address it tells (RFC 4861 §4.4). */
  | "nd-link-address-missing";

type Sight = Result<Sighting, FrameIgnored>;

/** Reads a frame as it came from a bridge port. Never throws; the frame may be anything. */
export function sight(frame: Uint8Array): Sight {
  const decoded = decodeEthernet(frame);
  if (!decoded.ok) return decoded;
  const ethernet = decoded.value;
  const refusal = refuseHostMac(ethernet.source);
  if (refusal !== undefined) return err(refusal);
  switch (ethernet.etherType) {
    case ETHERTYPE_ARP:
    case ETHERTYPE_RARP: {
      const arp = decodeArp(ethernet.payload);
      return arp.ok ? sightArp(ethernet, arp.value) : arp;
    }
    case ETHERTYPE_IPV6: {
      const message = decodeNd(ethernet.payload);
      return message.ok ? sightNd(ethernet, message.value) : message;
    }
    default:
      return err("unknown-ethertype");
  }
}

function sightArp(ethernet: EthernetFrame, arp: ArpPacket): Sight {
  const isReverse = arp.operation === "reverse-request" || arp.operation === "reverse-reply";
  if (isReverse !== (ethernet.etherType === ETHERTYPE_RARP)) return err("arp-unknown-operation");
  if (arp.operation === "reverse-reply") return err("rarp-reply");
  const mac = ethernet.source;
  if (arp.senderMac !== mac) return err("arp-sender-mismatch");
  if (arp.operation === "reverse-request") {
    // QEMU and ESXi name the guest that has moved in all three places.
    return arp.targetMac === mac
      ? ok({ mac, ip: undefined, signal: "rarp" })
      : err("rarp-target-mismatch");
  }
  // RFC 5227 §2.1: who probes does not hold the address yet.
  if (arp.operation === "request" && arp.senderIp === "0.0.0.0") {
    return ok({ mac, ip: undefined, signal: "arp-probe", ...wanting(arp.targetIp) });
  }
  const refusal = refuseHostIp(arp.senderIp);
  if (refusal !== undefined) return err(refusal);
  return ok({ mac, ip: arp.senderIp, signal: arpSignal(ethernet, arp) });
}

function wanting(target: IpAddress): Pick<Sighting, "probed"> {
  return refuseHostIp(target) === undefined ? { probed: target } : {};
}

function arpSignal(ethernet: EthernetFrame, arp: ArpPacket): Signal {
  const isOfItself = arp.senderIp === arp.targetIp;
  if (isOfItself && refuseHostMac(ethernet.destination) !== undefined) return "gratuitous-arp";
  if (arp.operation === "request") return "arp-request";
  const isOurs = arp.targetIp === askerAddress(arp.senderIp, ethernet.destination);
  return isOurs ? "answer" : "arp-reply";
}

function sightNd({ source: mac, destination: to }: EthernetFrame, message: NdMessage): Sight {
  const { kind, source, linkAddress } = message;
  if (linkAddress !== undefined && linkAddress !== mac) return err("nd-link-address-mismatch");
  // RFC 4862 §5.4.2: who detects duplicates does not hold the target yet.
  if (source === "::" && kind === "neighbour-solicitation") {
    return ok({ mac, ip: undefined, signal: "dad", ...wanting(message.target) });
  }
  if (source === "::" && kind === "router-solicitation") {
    return ok({ mac, ip: undefined, signal: kind });
  }
  const refusal = refuseHostIp(source);
  if (refusal !== undefined) return err(refusal);
  // Without the option, a message to one host is still the sender's own; one to all need not be.
  const isBound = linkAddress !== undefined || !isMulticast(message.destination);
  if (kind !== "neighbour-advertisement") {
    const router = kind === "router-advertisement" ? { router: true } : {};
    return ok({ mac, ip: isBound ? source : undefined, signal: kind, ...router });
  }
  if (!isBound) return err("nd-link-address-missing");
  const targetRefusal = refuseHostIp(message.target);
  if (targetRefusal !== undefined) return err(targetRefusal);
  const { target, solicited, destination, router, override } = message;
  const flags = { router, ...(override ? {} : { yields: true as const }) };
  if (!solicited) return ok({ mac, ip: target, signal: "unsolicited-advertisement", ...flags });
  // The gateway's own address may look the same: who answers its kernel answers the leaf.
  const isOurs = destination.startsWith("fe80:") && destination === askerAddress(target, to);
  return ok({ mac, ip: target, signal: isOurs ? "answer" : kind, ...flags });
}
