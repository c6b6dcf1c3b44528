/** One leaf's engine with the rows it has asked for, and routes to tell it. */
import type { Announcement } from "../../src/evpn/announcement.ts";
import { ZERO_ESI } from "../../src/evpn/esi.ts";
import type { ImetRoute } from "../../src/evpn/imet-route.ts";
import { type IpAddress, parseIp } from "../../src/evpn/ip.ts";
import { type MacAddress, parseMac } from "../../src/evpn/mac.ts";
import { type MacIpRoute, macIpRouteKey } from "../../src/evpn/mac-ip-route.ts";
import { type PortName, portName } from "../../src/evpn/port.ts";
import type { Result } from "../../src/evpn/result.ts";
import { parseRouteDistinguisher } from "../../src/evpn/route-distinguisher.ts";
import { parseRouteTarget } from "../../src/evpn/route-target.ts";
import type { RowAt, TableName, Tables } from "../../src/evpn/rows.ts";
import type { Signal } from "../../src/evpn/signal.ts";
import { toVni, type Vni } from "../../src/evpn/vni.ts";
import type { VtepAddress } from "../../src/evpn/vtep.ts";
import { DEFAULT_DUPLICATES, type DuplicateSettings } from "../../src/mobility/duplicates.ts";
import { Engine } from "../../src/mobility/engine.ts";
import { type MacEntry, whereabouts } from "../../src/mobility/mac-entry.ts";
import type { Memory } from "../../src/mobility/memory.ts";
import type { Notice } from "../../src/mobility/notice.ts";
import type { Observation } from "../../src/mobility/observation.ts";
import type { Decision, Lesson, MembershipQuery } from "../../src/mobility/outbox.ts";
import { DEFAULT_PROBES, type ProbeSettings, type Question } from "../../src/mobility/probes.ts";
import type { DomainSettings, EngineSettings } from "../../src/mobility/settings.ts";

export function must<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(String(result.error));
  return result.value;
}

export const ip = (text: string): IpAddress => must(parseIp(text));
export const mac = (text: string): MacAddress => must(parseMac(text));
export const vni = (value: number): Vni => must(toVni(value));
export const port = (name: string): PortName => portName(name);

export const VNI: Vni = vni(10);
export const M: MacAddress = mac("02:00:00:00:00:01");
export const M2: MacAddress = mac("02:00:00:00:00:02");
export const BRIDGE_MAC: MacAddress = mac("02:ff:00:00:00:01");
export const I4: IpAddress = ip("10.0.0.1");
export const I6: IpAddress = ip("2001:db8::1");
/** As in the rules: A is the lower address. */
export const A: IpAddress = ip("192.0.2.1");
export const B: IpAddress = ip("192.0.2.2");
export const C: IpAddress = ip("192.0.2.3");

export interface RouteOf {
  readonly mac?: MacAddress;
  readonly ip?: IpAddress;
  readonly seq?: number;
  readonly sticky?: boolean;
  readonly vni?: Vni;
  readonly routeTargets?: readonly string[];
  readonly rd?: string;
  readonly ethernetTag?: number;
  readonly defaultGateway?: boolean;
}

/** "adv(M, I, n)" of the rules: without `seq` the route has no MAC Mobility community. */
export function adv(vtep: VtepAddress, of: RouteOf = {}): MacIpRoute {
  const number = of.vni ?? VNI;
  const hasMobility = of.seq !== undefined || of.sticky !== undefined;
  return {
    rd: must(
      parseRouteDistinguisher(of.rd ?? `${vtep.includes(":") ? "10.9.9.9" : vtep}:${number}`),
    ),
    ethernetTag: of.ethernetTag ?? 0,
    mac: of.mac ?? M,
    ip: of.ip,
    vni: number,
    l3vni: undefined,
    nexthop: vtep,
    routeTargets: (of.routeTargets ?? [`65000:${number}`]).map((rt) => must(parseRouteTarget(rt))),
    mobility: hasMobility ? { seq: of.seq ?? 0, sticky: of.sticky ?? false } : undefined,
    esi: ZERO_ESI,
    defaultGateway: of.defaultGateway ?? false,
  };
}

export function imet(vtep: VtepAddress): ImetRoute {
  return {
    rd: must(parseRouteDistinguisher(`${vtep}:10`)),
    ethernetTag: 0,
    originator: vtep,
    vni: VNI,
    tunnel: vtep,
    nexthop: vtep,
    routeTargets: [must(parseRouteTarget("65000:10"))],
  };
}

export class Leaf {
  readonly vtep: VtepAddress;
  readonly engine: Engine;
  readonly notices: Notice[] = [];
  readonly asked: Question[] = [];
  readonly taught: Lesson[] = [];
  readonly announced: Announcement[] = [];
  readonly groupsAsked: MembershipQuery[] = [];
  /** What a restart would find in the state directory. */
  readonly memories: Map<string, Memory> = new Map();
  readonly #rows = new Map<string, RowAt>();
  readonly #suppresses: boolean;
  now = 1000;

  constructor(
    vtep: VtepAddress,
    {
      domains = new Map(),
      duplicates = {},
      probe = DEFAULT_PROBES,
      limits,
      guard,
      linkLocal,
      suppresses = false,
      membershipQueries,
      redirectMs,
      suppression = true,
    }: {
      domains?: ReadonlyMap<Vni, DomainSettings>;
      duplicates?: Partial<DuplicateSettings>;
      probe?: ProbeSettings;
      limits?: EngineSettings["limits"];
      guard?: EngineSettings["guard"];
      linkLocal?: EngineSettings["linkLocal"];
      /** Linux keeps announcements and probes out of the tunnel. */
      suppresses?: boolean;
      membershipQueries?: boolean;
      redirectMs?: number;
      suppression?: boolean;
    } = {},
  ) {
    this.vtep = vtep;
    this.#suppresses = suppresses;
    this.engine = new Engine({
      domains,
      duplicates: { ...DEFAULT_DUPLICATES, ...duplicates },
      probe,
      limits,
      guard,
      linkLocal,
      membershipQueries,
      redirectMs,
      suppression,
    });
  }

  /** A leaf with VNI 10 and ports p1 and p2, which has been told everything there was. */
  static ready(vtep: VtepAddress, settings?: ConstructorParameters<typeof Leaf>[1]): Leaf {
    const leaf = new Leaf(vtep, settings);
    leaf.boots();
    for (const source of ["rib", "kernel", "packets"] as const) leaf.told(source);
    return leaf;
  }

  boots(): void {
    this.observe({ kind: "speaker-up", speaker: { asn: 65000, routerId: ip("10.255.0.1") } });
    const devices = { bridge: "br10", vxlan: "vx10", ownMacs: [BRIDGE_MAC] };
    const flags = this.#suppresses ? ({ suppresses: true } as const) : {};
    this.observe({
      kind: "segment-up",
      segment: { vni: VNI, vtep: this.vtep, ...devices, ...flags },
    });
    for (const name of ["p1", "p2"]) {
      this.observe({ kind: "port-up", vni: VNI, port: port(name) });
    }
  }

  told(source: "rib" | "kernel" | "packets"): void {
    this.observe({ kind: "told", source });
  }

  observe(observation: Observation): void {
    this.#take(this.engine.observe(observation, this.now));
  }

  /** Time passes. */
  after(ms: number): void {
    this.now += ms;
  }

  /** Time passes, and everything due meanwhile is done when it is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const { deadline } = this.engine;
      if (deadline === undefined || deadline > end) break;
      this.after(Math.max(0, deadline - this.now));
      this.tick();
    }
    this.now = end;
  }

  /** What is due is done. */
  tick(): void {
    this.#take(this.engine.tick(this.now));
  }

  #take(decision: Decision): void {
    const { wants, notices, lessons, questions, announcements, memories } = decision;
    this.groupsAsked.push(...decision.membershipQueries);
    for (const memory of memories) {
      this.memories.set(memory.kind === "ip" ? memory.ip : memory.mac, memory);
    }
    for (const want of wants) {
      const key = `${want.table}|${want.key}`;
      if (want.row === undefined) this.#rows.delete(key);
      else this.#rows.set(key, want);
    }
    this.notices.push(...notices);
    this.asked.push(...questions);
    this.taught.push(...lessons);
    this.announced.push(...announcements);
  }

  sees(what: { mac?: MacAddress; ip?: IpAddress; port?: string; signal?: Signal } = {}): void {
    this.observe({
      kind: "seen",
      vni: VNI,
      port: port(what.port ?? "p1"),
      mac: what.mac ?? M,
      ip: what.ip,
      signal: what.signal ?? (what.ip === undefined ? "data" : "gratuitous-arp"),
    });
  }

  /** A host wants an address for itself, if nobody else has it. */
  probes(what: { mac: MacAddress; ip: IpAddress; port?: string }): void {
    this.observe({
      kind: "seen",
      vni: VNI,
      port: port(what.port ?? "p1"),
      mac: what.mac,
      ip: undefined,
      signal: what.ip.includes(":") ? "dad" : "arp-probe",
      probed: what.ip,
    });
  }

  /** What was said to hosts since this was last asked: `ip mac` and to whom. */
  said(): string[] {
    return this.announced.splice(0).map(({ ip: of, mac: at, router, to }) => {
      const whom =
        to.kind === "prober"
          ? `${to.mac} on ${to.port}`
          : to.kind === "ports"
            ? `ports${to.except === undefined ? "" : ` but ${to.except}`}`
            : "tunnel";
      return `${of} ${at}${router ? " router" : ""} to ${whom}`;
    });
  }

  /** A DHCP server gives it an IP. */
  leases(what: { mac?: MacAddress; ip?: IpAddress; seconds?: number | undefined }): void {
    const { seconds } = { seconds: 3600, ...what };
    this.observe({ kind: "leased", vni: VNI, mac: what.mac ?? M, ip: what.ip ?? I4, seconds });
  }

  /** So much time passes, and everything is done when it is due. */
  passes(ms: number): void {
    const end = this.now + ms;
    for (
      let due = this.engine.deadline;
      due !== undefined && due <= end;
      due = this.engine.deadline
    ) {
      this.now = Math.max(this.now, due);
      this.tick();
    }
    this.now = end;
  }

  hears(route: MacIpRoute): void {
    this.observe({ kind: "claimed", route });
  }

  hearsWithdrawn(route: MacIpRoute): void {
    this.observe({ kind: "unclaimed", key: macIpRouteKey(route) });
  }

  rows<T extends TableName>(table: T): Tables[T]["row"][] {
    return [...this.#rows.values()].flatMap((at) =>
      at.table === table && at.row !== undefined ? [at.row as Tables[T]["row"]] : [],
    );
  }

  /** The same with their keys. */
  rowsAt(table: TableName): { readonly key: string; readonly row: object }[] {
    return [...this.#rows.values()].flatMap((at) =>
      at.table === table && at.row !== undefined ? [{ key: at.key, row: at.row }] : [],
    );
  }

  /** The highest number that anybody has used for the MAC; -1: none. */
  highestSeq(of: MacAddress): number {
    const entry = this.engine.domain(VNI)?.entry(of);
    return Math.max(entry?.sentSeq ?? -1, entry?.heardSeq ?? -1);
  }

  /** Own routes as `mac ip seq`, `-` for what is absent. */
  advertised(): string[] {
    return this.rows("mac-ip-route")
      .map((route) => {
        const mobility = route.mobility;
        const seq = mobility === undefined ? "-" : `${mobility.seq}${mobility.sticky ? "s" : ""}`;
        return `${route.mac} ${route.ip ?? "-"} ${seq}`;
      })
      .sort();
  }

  /** Where frames to the MAC go by our FDB: to a VTEP, or nowhere that we have asked for. */
  fdb(of: MacAddress = M): VtepAddress | undefined {
    return this.rows("fdb").find((row) => row.mac === of)?.vtep;
  }

  entry(of: MacAddress = M): MacEntry {
    const entry = this.engine.domain(VNI)?.entry(of);
    if (entry === undefined) throw new Error(`Cannot find ${of}`);
    return entry;
  }

  where(of: MacAddress = M): string {
    const entry = this.engine.domain(VNI)?.entry(of);
    if (entry === undefined) return "nowhere";
    const where = whereabouts(entry);
    if (where.kind === "here") return where.port;
    return where.kind === "there" ? where.claim.vtep : where.kind;
  }

  noticesOf(kind: Notice["kind"]): Notice[] {
    return this.notices.filter((notice) => notice.kind === kind);
  }
}
