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
import { err, ok, type Result } from "../evpn/result.ts";
import type { RowAt, Tables } from "../evpn/rows.ts";
import { toVni, type Vni } from "../evpn/vni.ts";
import { CommonParts, readVtep } from "./common-parts.ts";
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
export function readRouteId(
  nlri: Nlri,
  common: CommonParts = new CommonParts(),
): Result<RouteId, PathMalformed> {
  switch (nlri.kind) {
    case "mac-ip": {
      const read = readMacIpNlri(nlri, common);
      return read.ok ? ok({ table: "mac-ip-route", key: macIpRouteKey(read.value) }) : read;
    }
    case "imet": {
      const read = readImetNlri(nlri, common);
      return read.ok ? ok({ table: "imet-route", key: imetRouteKey(read.value) }) : read;
    }
    case "other":
      return err("route-type");
  }
}

/** The whole route of a path which is no withdraw. */
export function readRoute(
  path: SpeakerPath,
  common: CommonParts = new CommonParts(),
): Result<RouteSeen, PathMalformed> {
  const { nlri, attributes } = path;
  if (nlri === undefined || nlri.kind === "other") return err("route-type");
  // gobgpd leaves all of them out if there is one it can not express in its API.
  if (attributes.length === 0) return err("attributes-missing");
  const said = readAttributes(attributes);
  if (!said.communities.isVxlan) return err("encapsulation");
  const nexthop = common.vtep(said.nexthop);
  if (nexthop === undefined) return err("next-hop");
  const routeTargets = common.routeTargets(said.communities.routeTargets);

  if (nlri.kind === "mac-ip") {
    const id = readMacIpNlri(nlri, common);
    if (!id.ok) return id;
    const row = readMacIpRoute(nlri, id.value, { said, common, nexthop, routeTargets });
    return row.ok
      ? ok({ table: "mac-ip-route", key: macIpRouteKey(row.value), row: row.value })
      : row;
  }
  const id = readImetNlri(nlri, common);
  if (!id.ok) return id;
  const row = readImetRoute(id.value, { nexthop, routeTargets }, attributes);
  return row.ok ? ok({ table: "imet-route", key: imetRouteKey(row.value), row: row.value }) : row;
}

type MacIpNlri = Extract<Nlri, { kind: "mac-ip" }>;
type ImetNlri = Extract<Nlri, { kind: "imet" }>;
type MacIpId = Pick<MacIpRoute, "rd" | "ethernetTag" | "mac" | "ip">;
type ImetId = Pick<ImetRoute, "rd" | "ethernetTag" | "originator">;
type Shared = Pick<ImetRoute, "nexthop" | "routeTargets">;

function readMacIpNlri(nlri: MacIpNlri, common: CommonParts): Result<MacIpId, PathMalformed> {
  const rd = nlri.rd && common.rd(nlri.rd);
  if (rd === undefined) return err("route-distinguisher");
  const mac = parseMac(nlri.mac);
  if (!mac.ok) return err("mac");
  const { ethernetTag } = nlri;
  if (isNothing(nlri.ip)) return ok({ rd, ethernetTag, mac: mac.value, ip: undefined });
  const ip = parseIp(nlri.ip);
  return ip.ok ? ok({ rd, ethernetTag, mac: mac.value, ip: ip.value }) : err("ip");
}

function readMacIpRoute(
  { labels, esi: parts }: MacIpNlri,
  { rd, ethernetTag, mac, ip }: MacIpId,
  {
    said,
    common,
    nexthop,
    routeTargets,
  }: Shared & { readonly said: Said; readonly common: CommonParts },
): Result<MacIpRoute, PathMalformed> {
  const vni = readVni(labels[0]);
  if (vni === undefined) return err("label");
  const esi = readEsi(parts);
  if (esi === undefined) return err("esi");
  const { mobility, defaultGateway } = said.communities;
  // Field by field: an object that begins with a spread has a shape of its own in V8 (Node 20). So are
  // those above it: with two spreads a route took a microsecond longer.
  return ok({
    rd,
    ethernetTag,
    mac,
    ip,
    vni,
    l3vni: readVni(labels[1]),
    nexthop,
    routeTargets,
    mobility,
    esi: common.esi(esi),
    defaultGateway,
  });
}

function readImetNlri(nlri: ImetNlri, common: CommonParts): Result<ImetId, PathMalformed> {
  const rd = nlri.rd && common.rd(nlri.rd);
  if (rd === undefined) return err("route-distinguisher");
  const originator = parseIp(nlri.ip);
  if (!originator.ok) return err("originator");
  return ok({ rd, ethernetTag: nlri.ethernetTag, originator: originator.value });
}

function readImetRoute(
  id: ImetId,
  shared: Shared,
  attributes: readonly Attribute[],
): Result<ImetRoute, PathMalformed> {
  const pmsi = attributes.find((attribute) => attribute.kind === "pmsi");
  if (pmsi === undefined) return err("pmsi-missing");
  if (pmsi.type !== PMSI_INGRESS_REPLICATION) return err("pmsi-type");
  const vni = readVni(pmsi.label);
  if (vni === undefined) return err("label");
  const tunnel = readTunnelId(pmsi.id);
  if (tunnel === undefined) return err("pmsi-id");
  return ok({ ...id, ...shared, vni, tunnel });
}

/** What the attributes say, for each kind of route. */
interface Said {
  /** gobgpd answers with MP_REACH_NLRI (RFC 4760 §3), whatever it was told. */
  readonly nexthop: string;
  readonly communities: SaidByCommunities;
}

interface SaidByCommunities {
  /** Without the community VXLAN is meant, as every implementation takes it (rule C5.7). */
  readonly isVxlan: boolean;
  readonly routeTargets: readonly NumberedByName[];
  /** Of several MAC Mobility communities the highest sequence number counts (rule C1.19). */
  readonly mobility: MacMobility | undefined;
  readonly defaultGateway: boolean;
}

/** In one go: done with each of hundreds of thousands. Of several attributes of a kind the first counts. */
function readAttributes(attributes: readonly Attribute[]): Said {
  let reach: string | undefined;
  let plain: string | undefined;
  let communities: readonly Community[] | undefined;
  for (const attribute of attributes) {
    if (attribute.kind === "mp-reach") reach ??= attribute.nexthops[0];
    else if (attribute.kind === "next-hop") plain ??= attribute.nexthop;
    else if (attribute.kind === "communities") communities ??= attribute.communities;
  }
  return { nexthop: reach ?? plain ?? "", communities: readCommunities(communities ?? []) };
}

function readCommunities(communities: readonly Community[]): SaidByCommunities {
  const routeTargets: NumberedByName[] = [];
  let tunnels = 0;
  let isVxlan = false;
  let mobility: MacMobility | undefined;
  let defaultGateway = false;
  for (const community of communities) {
    switch (community.kind) {
      case "specific":
        if (community.subType === SUB_TYPE_ROUTE_TARGET) routeTargets.push(community.value);
        break;
      case "encapsulation":
        tunnels++;
        if (community.tunnelType === TUNNEL_VXLAN) isVxlan = true;
        break;
      case "mobility":
        if (mobility === undefined || community.seq > mobility.seq) {
          mobility = { seq: community.seq, sticky: community.sticky };
        }
        break;
      case "default-gateway":
        defaultGateway = true;
        break;
      case "other":
        break;
    }
  }
  return { isVxlan: isVxlan || tunnels === 0, routeTargets, mobility, defaultGateway };
}

function readTunnelId(id: Uint8Array): IpAddress | undefined {
  if (id.length === 4) return readVtep(ipv4FromBytes(id));
  return id.length === 16 ? readVtep(ipv6FromBytes(id)) : undefined;
}

function readVni(label: number | undefined): Vni | undefined {
  if (label === undefined) return undefined;
  const vni = toVni(label);
  return vni.ok ? vni.value : undefined;
}

function readEsi(esi: MacIpNlri["esi"]): Esi | undefined {
  return esi === undefined ? ZERO_ESI : esiFromParts(esi.type, esi.value);
}
