/**
 * A route of ours as a path for gobgpd.
 *
 * gobgpd checks next to nothing and sends on what it is given: a label above 24 bits spoils the
 * updates of innocent neighbours, an ESI of a wrong length ends the session, a number above 16 bits
 * in a four-byte-AS or IPv4 target is cut off silently. So a route that is not fit is refused here,
 * even where its type says that it can not exist.
 */
import { type Esi, ZERO_ESI } from "../evpn/esi.ts";
import type { ImetRoute } from "../evpn/imet-route.ts";
import { type IpAddress, ipToBytes, isIpv6, parseIp } from "../evpn/ip.ts";
import { parseMac, refuseHostMac } from "../evpn/mac.ts";
import { SEQ_MAX } from "../evpn/mac-claim.ts";
import type { MacIpRoute, MacMobility } from "../evpn/mac-ip-route.ts";
import { type NumberedBy, parseNumberedBy } from "../evpn/numbered-by.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { Attribute, Community, Nlri, SpeakerPath } from "./speaker-path.ts";

/** ORIGIN IGP (RFC 4271 §5.1.1): the route was made here. */
const ORIGIN: Attribute = { kind: "origin", origin: 0 };
/** RFC 8365 §5.1.2, RFC 9012 §4.1. */
const VXLAN: Community = { kind: "encapsulation", tunnelType: 8 };
const PMSI_INGRESS_REPLICATION = 6;
const SUB_TYPE_ROUTE_TARGET = 2;
const NO_SEGMENT = { type: 0, value: new Uint8Array(9) } as const;

export function macIpRoutePath(route: MacIpRoute): Result<SpeakerPath> {
  const fault =
    vniFault(route.vni) ??
    (route.l3vni === undefined ? undefined : vniFault(route.l3vni)) ??
    macFault(route.mac) ??
    (route.ip === undefined ? undefined : ipFault(route.ip, "IP address")) ??
    (route.mobility === undefined ? undefined : mobilityFault(route.mobility)) ??
    esiFault(route.esi) ??
    sharedFault(route);
  if (fault !== undefined) return err(fault);
  const communities = [...routeTargets(route), VXLAN];
  if (route.mobility !== undefined) communities.push({ kind: "mobility", ...route.mobility });
  if (route.defaultGateway) communities.push({ kind: "default-gateway" });
  const attributes: Attribute[] = [ORIGIN, nexthop(route), { kind: "communities", communities }];
  return ok(announce(macIpNlri(route), attributes));
}

export function imetRoutePath(route: ImetRoute): Result<SpeakerPath> {
  const fault =
    vniFault(route.vni) ??
    ipFault(route.originator, "originator") ??
    ipFault(route.tunnel, "tunnel identifier") ??
    sharedFault(route);
  if (fault !== undefined) return err(fault);
  const pmsi: Attribute = {
    kind: "pmsi",
    flags: 0,
    type: PMSI_INGRESS_REPLICATION,
    label: route.vni,
    id: ipToBytes(route.tunnel),
  };
  const communities = [...routeTargets(route), VXLAN];
  const attributes: Attribute[] = [
    ORIGIN,
    nexthop(route),
    pmsi,
    { kind: "communities", communities },
  ];
  return ok(announce(imetNlri(route), attributes));
}

/**
 * Withdraws carry no attributes: gobgpd would compare a sequence number in them, and refuse to
 * remove a route for having too low a one.
 */
export function macIpRouteWithdraw(route: MacIpRoute): SpeakerPath {
  return withdraw(macIpNlri(route));
}

export function imetRouteWithdraw(route: ImetRoute): SpeakerPath {
  return withdraw(imetNlri(route));
}

function macIpNlri(route: MacIpRoute): Nlri {
  return {
    kind: "mac-ip",
    rd: numberedBy(route.rd),
    esi: esiParts(route.esi),
    ethernetTag: route.ethernetTag,
    mac: route.mac,
    ip: route.ip ?? "",
    labels: route.l3vni === undefined ? [route.vni] : [route.vni, route.l3vni],
  };
}

function esiParts(esi: Esi): { readonly type: number; readonly value: Uint8Array } {
  if (esi === ZERO_ESI) return NO_SEGMENT;
  const bytes = Uint8Array.from(esi.split(":"), (byte) => Number.parseInt(byte, 16));
  return { type: bytes[0] ?? 0, value: bytes.subarray(1) };
}

function imetNlri(route: ImetRoute): Nlri {
  return {
    kind: "imet",
    rd: numberedBy(route.rd),
    ethernetTag: route.ethernetTag,
    ip: route.originator,
  };
}

/** The path identifier stays 0 and the neighbor empty: another would be a second route beside it. */
function announce(nlri: Nlri, attributes: readonly Attribute[]): SpeakerPath {
  return { evpn: true, nlri, attributes, withdraw: false, best: false, neighbor: "" };
}

function withdraw(nlri: Nlri): SpeakerPath {
  return { evpn: true, nlri, attributes: [], withdraw: true, best: false, neighbor: "" };
}

type Shared = Pick<ImetRoute, "rd" | "ethernetTag" | "nexthop" | "routeTargets">;

function sharedFault(route: Shared): string | undefined {
  if (!isUint32(route.ethernetTag)) return `ethernet tag ${route.ethernetTag} is not in 32 bits`;
  if (route.routeTargets.length === 0) return "it has no route target";
  const rd = parse(route.rd, "route distinguisher");
  if (!rd.ok) return rd.error;
  for (const target of route.routeTargets) {
    const parsed = parse(target, "route target");
    if (!parsed.ok) return parsed.error;
    const fault = ipv4AdminFault(parsed.value);
    if (fault !== undefined) return fault;
  }
  return ipv4AdminFault(rd.value) ?? ipFault(route.nexthop, "next hop");
}

function ipv4AdminFault(value: NumberedBy): string | undefined {
  return value.kind === "ipv4" && isIpv6(value.admin) ? `"${value.admin}" is not IPv4` : undefined;
}

function vniFault(vni: Vni): string | undefined {
  const checked = toVni(vni);
  return checked.ok ? undefined : checked.error;
}

function macFault(text: string): string | undefined {
  const mac = parseMac(text);
  if (!mac.ok) return mac.error;
  return refuseHostMac(mac.value) === undefined ? undefined : `"${text}" is not a host's address`;
}

function ipFault(text: string, what: string): string | undefined {
  const ip = parseIp(text);
  if (!ip.ok) return ip.error;
  // gobgpd would put the address of each session in its place, which is not that of the VTEP.
  return text === "0.0.0.0" || text === "::" ? `${what} is unspecified` : undefined;
}

function mobilityFault({ seq }: MacMobility): string | undefined {
  return isUint32(seq) ? undefined : `sequence number ${seq} is not in 0..${SEQ_MAX}`;
}

function esiFault(esi: Esi): string | undefined {
  return esi === ZERO_ESI || /^([0-9a-f]{2}:){9}[0-9a-f]{2}$/.test(esi)
    ? undefined
    : `esi "${esi}" has not ten bytes`;
}

function isUint32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

/** The caller has checked it with `sharedFault`. */
function numberedBy(text: string): NumberedBy | undefined {
  const parsed = parse(text, "route distinguisher");
  return parsed.ok ? parsed.value : undefined;
}

/** Route distinguishers and targets are few, and are in every route. */
const parsedLately = new Map<string, Result<NumberedBy>>();
const PARSED_MAX = 1000;

function parse(text: string, what: string): Result<NumberedBy> {
  const known = parsedLately.get(text);
  if (known !== undefined) return known;
  const parsed = parseNumberedBy(text, what);
  if (parsedLately.size >= PARSED_MAX) parsedLately.clear();
  // What is wrong is said of what it is.
  if (parsed.ok) parsedLately.set(text, parsed);
  return parsed;
}

function routeTargets(route: Shared): Community[] {
  return route.routeTargets.flatMap((target) => {
    const value = numberedBy(target);
    if (value === undefined) return [];
    return [{ kind: "specific", transitive: true, subType: SUB_TYPE_ROUTE_TARGET, value }];
  });
}

function nexthop(route: { readonly nexthop: IpAddress }): Attribute {
  return { kind: "next-hop", nexthop: route.nexthop };
}
