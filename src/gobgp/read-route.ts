/**
 * What a path says, once it is checked. Everything here was written by somebody else's BGP speaker
 * and passed on by gobgpd, which checks little of it.
 *
 * RFC 7432 §7.2, §7.3 (routes), §7.7 (MAC mobility), §10.1 (default gateway); RFC 6514 §5 (PMSI
 * tunnel); RFC 8365 §5.1.3 (the label is the VNI), §5.1.2 (encapsulation); RFC 9012 §4.1.
 *
 * What can not be told from here: gobgpd sets `is_sticky` if any flag of the MAC Mobility community
 * is set, not only 0x01, and does not pass on the flags.
 */
import { type Esi, esiFromParts, ZERO_ESI } from "../evpn/esi.ts";
import { type ImetRoute, imetRouteKey } from "../evpn/imet-route.ts";
import { type IpAddress, ipv4FromBytes, ipv6FromBytes, parseIp } from "../evpn/ip.ts";
import { parseMac } from "../evpn/mac.ts";
import { type MacIpRoute, type MacMobility, macIpRouteKey } from "../evpn/mac-ip-route.ts";
import type { NumberedBy } from "../evpn/numbered-by.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import { type RouteDistinguisher, routeDistinguisher } from "../evpn/route-distinguisher.ts";
import { type RouteTarget, routeTarget } from "../evpn/route-target.ts";
import type { RowAt, Tables } from "../evpn/rows.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import type { PathMalformed } from "./notice.ts";
import {
  type Attribute,
  type Community,
  isNothing,
  type Nlri,
  type NumberedByName,
  type SpeakerPath,
} from "./speaker-path.ts";

/** The two tables whose rows are BGP routes. */
export type RouteTable = "mac-ip-route" | "imet-route";

/** Which route a path is about. */
export type RouteId = {
  readonly [T in RouteTable]: { readonly table: T; readonly key: Tables[T]["key"] };
}[RouteTable];

/** A route, and which one it is. */
export type RouteSeen = {
  readonly [T in RouteTable]: {
    readonly table: T;
    readonly key: Tables[T]["key"];
    readonly row: Tables[T]["row"];
  };
}[RouteTable] &
  RowAt;

const TUNNEL_VXLAN = 8;
const PMSI_INGRESS_REPLICATION = 6;
const SUB_TYPE_ROUTE_TARGET = 2;

/** Which route this is about: all that a withdraw has to say. */
export function readRouteId(nlri: Nlri): Result<RouteId, PathMalformed> {
  switch (nlri.kind) {
    case "mac-ip": {
      const read = readMacIpNlri(nlri);
      return read.ok ? ok({ table: "mac-ip-route", key: macIpRouteKey(read.value) }) : read;
    }
    case "imet": {
      const read = readImetNlri(nlri);
      return read.ok ? ok({ table: "imet-route", key: imetRouteKey(read.value) }) : read;
    }
    case "other":
      return err("route-type");
  }
}

/** The whole route of a path which is no withdraw. */
export function readRoute(path: SpeakerPath): Result<RouteSeen, PathMalformed> {
  const { nlri, attributes } = path;
  if (nlri === undefined || nlri.kind === "other") return err("route-type");
  // gobgpd leaves all of them out if there is one it can not express in its API.
  if (attributes.length === 0) return err("attributes-missing");
  const communities = attributes.find((each) => each.kind === "communities")?.communities ?? [];
  if (!isVxlan(communities)) return err("encapsulation");
  const nexthop = readNexthop(attributes);
  if (nexthop === undefined) return err("next-hop");
  const routeTargets = readRouteTargets(communities);

  if (nlri.kind === "mac-ip") {
    const row = readMacIpRoute(nlri, { nexthop, routeTargets, communities });
    if (!row.ok) return row;
    return ok({ table: "mac-ip-route", key: macIpRouteKey(row.value), row: row.value });
  }
  const row = readImetRoute(nlri, { nexthop, routeTargets, attributes });
  if (!row.ok) return row;
  return ok({ table: "imet-route", key: imetRouteKey(row.value), row: row.value });
}

type MacIpNlri = Extract<Nlri, { kind: "mac-ip" }>;
type ImetNlri = Extract<Nlri, { kind: "imet" }>;
type Shared = Pick<ImetRoute, "nexthop" | "routeTargets">;

function readMacIpNlri(
  nlri: MacIpNlri,
): Result<Pick<MacIpRoute, "rd" | "ethernetTag" | "mac" | "ip">, PathMalformed> {
  const rd = readRd(nlri.rd);
  if (rd === undefined) return err("route-distinguisher");
  const mac = parseMac(nlri.mac);
  if (!mac.ok) return err("mac");
  const { ethernetTag } = nlri;
  if (isNothing(nlri.ip)) return ok({ rd, ethernetTag, mac: mac.value, ip: undefined });
  const ip = parseIp(nlri.ip);
  return ip.ok ? ok({ rd, ethernetTag, mac: mac.value, ip: ip.value }) : err("ip");
}

function readMacIpRoute(
  nlri: MacIpNlri,
  { communities, nexthop, routeTargets }: Shared & { communities: readonly Community[] },
): Result<MacIpRoute, PathMalformed> {
  const id = readMacIpNlri(nlri);
  if (!id.ok) return id;
  const vni = readVni(nlri.labels[0]);
  if (vni === undefined) return err("label");
  const esi = readEsi(nlri.esi);
  if (esi === undefined) return err("esi");
  const { rd, ethernetTag, mac, ip } = id.value;
  // Field by field: an object that begins with a spread has a shape of its own in V8 (Node 20).
  return ok({
    rd,
    ethernetTag,
    mac,
    ip,
    vni,
    l3vni: readVni(nlri.labels[1]),
    nexthop,
    routeTargets,
    mobility: readMobility(communities),
    esi,
    defaultGateway: communities.some(({ kind }) => kind === "default-gateway"),
  });
}

function readImetNlri(
  nlri: ImetNlri,
): Result<Pick<ImetRoute, "rd" | "ethernetTag" | "originator">, PathMalformed> {
  const rd = readRd(nlri.rd);
  if (rd === undefined) return err("route-distinguisher");
  const originator = parseIp(nlri.ip);
  if (!originator.ok) return err("originator");
  return ok({ rd, ethernetTag: nlri.ethernetTag, originator: originator.value });
}

function readImetRoute(
  nlri: ImetNlri,
  { attributes, ...shared }: Shared & { attributes: readonly Attribute[] },
): Result<ImetRoute, PathMalformed> {
  const id = readImetNlri(nlri);
  if (!id.ok) return id;
  const pmsi = attributes.find((attribute) => attribute.kind === "pmsi");
  if (pmsi === undefined) return err("pmsi-missing");
  if (pmsi.type !== PMSI_INGRESS_REPLICATION) return err("pmsi-type");
  const vni = readVni(pmsi.label);
  if (vni === undefined) return err("label");
  const tunnel = readTunnelId(pmsi.id);
  if (tunnel === undefined) return err("pmsi-id");
  return ok({ ...id.value, ...shared, vni, tunnel });
}

/** Without the community VXLAN is meant, as every implementation takes it (rule C5.7). */
function isVxlan(communities: readonly Community[]): boolean {
  let isSaid = false;
  for (const community of communities) {
    if (community.kind !== "encapsulation") continue;
    if (community.tunnelType === TUNNEL_VXLAN) return true;
    isSaid = true;
  }
  return !isSaid;
}

/** gobgpd answers with MP_REACH_NLRI (RFC 4760 §3), whatever it was told. */
function readNexthop(attributes: readonly Attribute[]): IpAddress | undefined {
  const reach = attributes.find((attribute) => attribute.kind === "mp-reach");
  const plain = attributes.find((attribute) => attribute.kind === "next-hop");
  return readVtep(reach?.nexthops[0] ?? plain?.nexthop ?? "");
}

function readTunnelId(id: Uint8Array): IpAddress | undefined {
  if (id.length === 4) return readVtep(ipv4FromBytes(id));
  return id.length === 16 ? readVtep(ipv6FromBytes(id)) : undefined;
}

function readVtep(text: string): IpAddress | undefined {
  const ip = parseIp(text);
  return ip.ok && ip.value !== "0.0.0.0" && ip.value !== "::" ? ip.value : undefined;
}

function readVni(label: number | undefined): Vni | undefined {
  if (label === undefined) return undefined;
  const vni = toVni(label);
  return vni.ok ? vni.value : undefined;
}

function readEsi(esi: MacIpNlri["esi"]): Esi | undefined {
  return esi === undefined ? ZERO_ESI : esiFromParts(esi.type, esi.value);
}

/** Of several MAC Mobility communities the highest sequence number counts (rule C1.19). */
function readMobility(communities: readonly Community[]): MacMobility | undefined {
  let highest: MacMobility | undefined;
  for (const community of communities) {
    if (community.kind !== "mobility") continue;
    const { seq, sticky } = community;
    if (highest === undefined || seq > highest.seq) highest = { seq, sticky };
  }
  return highest;
}

function readRouteTargets(communities: readonly Community[]): readonly RouteTarget[] {
  const targets: RouteTarget[] = [];
  for (const community of communities) {
    if (community.kind !== "specific" || community.subType !== SUB_TYPE_ROUTE_TARGET) continue;
    const value = readNumberedBy(community.value);
    if (value !== undefined) targets.push(routeTarget(value));
  }
  return targets;
}

function readRd(rd: NumberedByName | undefined): RouteDistinguisher | undefined {
  const value = rd && readNumberedBy(rd);
  return value && routeDistinguisher(value);
}

function readNumberedBy(value: NumberedByName): NumberedBy | undefined {
  if (value.kind !== "ipv4") {
    const { kind, admin, number } = value;
    return isInRange({ kind, admin, number }) ? { kind, admin, number } : undefined;
  }
  const admin = parseIp(value.admin);
  if (!admin.ok || admin.value.includes(":") || value.number > 0xffff) return undefined;
  return { kind: "ipv4", admin: admin.value, number: value.number };
}

/** Two bytes for who and four for the number, or the other way round (RFC 4360 §3.1, RFC 5668). */
function isInRange({ kind, admin, number }: Exclude<NumberedByName, { kind: "ipv4" }>): boolean {
  return kind === "as2" ? admin <= 0xffff : number <= 0xffff;
}
