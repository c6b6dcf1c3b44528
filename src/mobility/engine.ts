/**
 * The decision of one leaf: observations in; rows wanted and notices out. Synchronous, run to
 * completion, without I/O or clock. It owns the tables; how one MAC's entry changes is in `learn.ts`,
 * what is done about it in `hosts.ts`, which routes concern us in `rib.ts`.
 */
import { type ImetRoute, type ImetRouteKey, imetRouteKey } from "../evpn/imet-route.ts";
import { type MacIpRoute, type MacIpRouteKey, macIpRouteKey } from "../evpn/mac-ip-route.ts";
import {
  type MacVrf,
  type MacVrfSettings,
  macVrf,
  type Segment,
  type Speaker,
} from "../evpn/mac-vrf.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import { Domain } from "./domain.ts";
import {
  hostLeft,
  hostSeen,
  hostSeqRefused,
  hostUnclaimed,
  type Scene,
  type Sighting,
  type StickyHosts,
} from "./hosts.ts";
import { newEntry, remembered } from "./learn.ts";
import { type Observation, SOURCES, type Source } from "./observation.ts";
import { type Decision, Outbox } from "./outbox.ts";
import { portDown, portRenamed } from "./ports.ts";
import { RdNumbers } from "./rd-numbers.ts";
import { refreshVrf } from "./refresh-vrf.ts";
import { importImet, importMacIp, Rib, unflood } from "./rib.ts";

/** What the operator has said of one MAC-VRF. */
export interface DomainSettings {
  readonly routes: MacVrfSettings;
  readonly sticky: StickyHosts;
}

export type EngineSettings = ReadonlyMap<Vni, DomainSettings>;

const NO_STICKY: StickyHosts = new Map();

/** A host seen before everything was told; see `Engine.#told`. */
interface Held {
  readonly sighting: Sighting;
  readonly evidence: "old" | "new";
  readonly at: number;
}

export class Engine {
  readonly #settings: EngineSettings;
  readonly #domains = new Map<Vni, Domain>();
  readonly #rib = new Rib();
  readonly #rdNumbers = new RdNumbers();
  readonly #outbox = new Outbox();
  /** Who has not yet told what stood at the start; local hosts are held back for as long. */
  readonly #awaited = new Set<Source>(SOURCES);
  #held: Held[] = [];
  #speaker: Speaker | undefined;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
  }

  /** Whether all sources have told their start: before that, nothing may be written. */
  get isReady(): boolean {
    return this.#awaited.size === 0;
  }

  get awaited(): ReadonlySet<Source> {
    return this.#awaited;
  }

  domains(): IterableIterator<Domain> {
    return this.#domains.values();
  }

  domain(vni: Vni): Domain | undefined {
    return this.#domains.get(vni);
  }

  /** All that the other leaves send, whether it concerns us or not. */
  get rib(): Readonly<Rib> {
    return this.#rib;
  }

  /** Takes in what happened at `at` (milliseconds since the epoch). */
  observe(observation: Observation, at: number): Decision {
    this.#take(observation, at);
    return this.#outbox.take();
  }

  #take(observation: Observation, at: number): void {
    switch (observation.kind) {
      case "segment-up":
        this.#segmentUp(observation.segment, at);
        break;
      case "segment-down":
        this.#segmentDown(observation.vni, at);
        break;
      case "port-up":
        this.#domainOf(observation.vni).ports.add(observation.port);
        break;
      case "port-down":
        this.#portDown(observation.vni, observation.port, at);
        break;
      case "port-renamed":
        portRenamed(this.#domainOf(observation.vni), observation);
        break;
      case "seen":
        this.#seen(observation, at);
        break;
      case "aged-out":
        this.#agedOut(observation, at);
        break;
      case "speaker-up":
        this.#speakerUp(observation.speaker, at);
        break;
      case "speaker-down":
        // What the peers told stays true until the speaker is back and says otherwise.
        break;
      case "claimed":
        this.#claimed(observation.route, at);
        break;
      case "unclaimed":
        this.#unclaimed(observation.key, at);
        break;
      case "flood-claimed":
        this.#floodClaimed(observation.route, at);
        break;
      case "flood-unclaimed":
        this.#floodUnclaimed(observation.key, at);
        break;
      case "remembered":
        this.#remembered(observation.route, at);
        break;
      case "seq-refused":
        this.#seqRefused(observation, at);
        break;
      case "told":
        this.#told(observation.source);
        break;
    }
  }

  #scene(domain: Domain, at: number): Scene {
    return { domain, outbox: this.#outbox, at };
  }

  #domainOf(vni: Vni): Domain {
    const known = this.#domains.get(vni);
    if (known !== undefined) return known;
    const domain = new Domain(vni);
    this.#domains.set(vni, domain);
    return domain;
  }

  /**
   * C1.29: nobody gets a sequence number before it is known what the others claim. Hosts that were
   * seen meanwhile come in now: first those found in the bridge's table, then those that were heard.
   */
  #told(source: Source): void {
    if (this.isReady) return;
    this.#awaited.delete(source);
    if (!this.isReady) return;
    const held = this.#held;
    this.#held = [];
    for (const { sighting, evidence, at } of held) this.#seenNow(sighting, { evidence, at });
    for (const domain of this.#domains.values()) {
      for (const entry of domain.entries()) {
        if (entry.remembered.length > 0) domain.put({ ...entry, remembered: [] });
      }
    }
    this.#outbox.tell({ kind: "ready" });
  }

  #remembered(route: MacIpRoute, at: number): void {
    // After the start we know better than our own routes do.
    if (this.isReady) return;
    const domain = this.#domainOf(route.vni);
    const entry = domain.entry(route.mac) ?? newEntry({ vni: route.vni, mac: route.mac }, at);
    domain.put(remembered(entry, route));
  }

  #segmentUp(segment: Segment, at: number): void {
    const domain = this.#domainOf(segment.vni);
    if (domain.segment?.vtep !== segment.vtep) {
      this.#outbox.tell({ kind: "segment-up", vni: segment.vni, vtep: segment.vtep });
    }
    domain.segment = segment;
    refreshVrf(this.#scene(domain, at), this.#vrfOf(domain), this.#rib);
  }

  #segmentDown(vni: Vni, at: number): void {
    const domain = this.#domains.get(vni);
    if (domain?.segment === undefined) return;
    domain.segment = undefined;
    domain.ports.clear();
    refreshVrf(this.#scene(domain, at), undefined, this.#rib);
    this.#outbox.tell({ kind: "segment-down", vni });
  }

  #speakerUp(speaker: Speaker, at: number): void {
    this.#speaker = speaker;
    for (const domain of this.#domains.values()) {
      refreshVrf(this.#scene(domain, at), this.#vrfOf(domain), this.#rib);
    }
  }

  #vrfOf({ segment, vni }: Domain): MacVrf | undefined {
    if (segment === undefined || this.#speaker === undefined) return undefined;
    return macVrf(segment, this.#speaker, {
      rdNumber: this.#rdNumbers.of(vni),
      settings: this.#settings.get(vni)?.routes,
    });
  }

  #portDown(vni: Vni, port: PortName, at: number): void {
    this.#held = this.#held.filter(
      ({ sighting }) => sighting.vni !== vni || sighting.port !== port,
    );
    const domain = this.#domains.get(vni);
    if (domain !== undefined) portDown(this.#scene(domain, at), port);
  }

  #seen(sighting: Sighting, at: number): void {
    // A row of the bridge's table as it stood at the start says that a host was here, not when.
    const isFound = sighting.signal === "data" && this.#awaited.has("kernel");
    const evidence = isFound ? "old" : "new";
    if (this.isReady) this.#seenNow(sighting, { evidence, at });
    else this.#held.push({ sighting, evidence, at });
  }

  #seenNow(sighting: Sighting, { evidence, at }: Omit<Held, "sighting">): void {
    const sticky = this.#settings.get(sighting.vni)?.sticky ?? NO_STICKY;
    const domain = this.#domainOf(sighting.vni);
    hostSeen(this.#scene(domain, at), sighting, { sticky, evidence });
  }

  #agedOut({ vni, mac, port }: Extract<Observation, { kind: "aged-out" }>, at: number): void {
    this.#held = this.#held.filter(({ sighting }) => sighting.vni !== vni || sighting.mac !== mac);
    const domain = this.#domains.get(vni);
    const entry = domain?.entry(mac);
    if (domain === undefined || entry?.local?.port !== port) return;
    hostLeft(this.#scene(domain, at), entry, "aged-out");
  }

  #seqRefused({ vni, mac, seq }: Extract<Observation, { kind: "seq-refused" }>, at: number): void {
    const domain = this.#domains.get(vni);
    const entry = domain?.entry(mac);
    if (domain === undefined || entry === undefined) return;
    hostSeqRefused(this.#scene(domain, at), entry, seq);
  }

  #claimed(route: MacIpRoute, at: number): void {
    const key = macIpRouteKey(route);
    const before = this.#rib.macIp.get(key);
    this.#rib.macIp.set(key, route);
    if (before !== undefined && before.vni !== route.vni) this.#withdrawn(before, at);
    const domain = this.#domains.get(route.vni);
    if (domain === undefined)
      this.#outbox.tell({ kind: "route-ignored", reason: "unknown-segment" });
    else importMacIp(this.#scene(domain, at), route);
  }

  #unclaimed(key: MacIpRouteKey, at: number): void {
    const route = this.#rib.macIp.get(key);
    this.#rib.macIp.delete(key);
    if (route !== undefined) this.#withdrawn(route, at);
  }

  #withdrawn(route: MacIpRoute, at: number): void {
    const domain = this.#domains.get(route.vni);
    if (domain !== undefined) hostUnclaimed(this.#scene(domain, at), route);
  }

  #floodClaimed(route: ImetRoute, at: number): void {
    const key = imetRouteKey(route);
    const before = this.#rib.imet.get(key);
    this.#rib.imet.set(key, route);
    if (before !== undefined && before.vni !== route.vni) this.#unflooded(before, at);
    const domain = this.#domains.get(route.vni);
    if (domain === undefined)
      this.#outbox.tell({ kind: "route-ignored", reason: "unknown-segment" });
    else importImet(this.#scene(domain, at), route);
  }

  #floodUnclaimed(key: ImetRouteKey, at: number): void {
    const route = this.#rib.imet.get(key);
    this.#rib.imet.delete(key);
    if (route !== undefined) this.#unflooded(route, at);
  }

  #unflooded(route: ImetRoute, at: number): void {
    const domain = this.#domains.get(route.vni);
    if (domain !== undefined) unflood(this.#scene(domain, at), route);
  }
}
