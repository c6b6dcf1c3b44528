import type { MacIpRoute } from "../evpn/mac-ip-route.ts";
import { type MacVrf, macVrf, type Segment, type Speaker } from "../evpn/mac-vrf.ts";
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import { announceChange } from "./announce.ts";
import { hostAgedOut } from "./attend.ts";
import type { Scene } from "./commit.ts";
import { Domain } from "./domain.ts";
import { DueDomains, doDue } from "./due.ts";
import type { DuplicateSettings } from "./duplicates.ts";
import { hostSeen, type SeenPolicy } from "./hosts.ts";
import { forgetReturning } from "./late.ts";
import { hostArrived, hostLeased } from "./leased.ts";
import { forgetRemembered, recall, recallRoute } from "./memory.ts";
import type { Observation, Sighting, Source } from "./observation.ts";
import { seenOnceMore } from "./once-more.ts";
import { type Decision, Outbox } from "./outbox.ts";
import { portDown, portRenamed, portUp, seenEarly } from "./ports.ts";
import { RdNumbers } from "./rd-numbers.ts";
import { clearDuplicates } from "./recover.ts";
import { settleAdopted } from "./redirects.ts";
import { refreshVrf } from "./refresh-vrf.ts";
import { seqRefused } from "./refusals.ts";
import { Rib } from "./rib.ts";
import { routerHeard } from "./routers.ts";
import { type EngineSettings, hostRules, stickyHosts } from "./settings.ts";
import { type Held, StartGate } from "./start-gate.ts";
import { wordGiven } from "./word.ts";

export class Engine {
  readonly #settings: EngineSettings;
  readonly #domains = new Map<Vni, Domain>();
  readonly #due = new DueDomains();
  readonly #rdNumbers = new RdNumbers();
  readonly #outbox = new Outbox();
  readonly #gate = new StartGate();
  /** What concerns a MAC-VRF we have not got is kept, in case we get it. */
  readonly #rib = new Rib({
    sceneOf: (vni, at) => {
      const domain = this.#domains.get(vni);
      return domain && this.#scene(domain, at);
    },
    isStartOver: () => this.isReady,
    outbox: this.#outbox,
  });
  #redirectMs: number;
  #speaker: Speaker | undefined;

  constructor(settings: EngineSettings) {
    this.#settings = settings;
    this.#redirectMs = settings.redirectMs ?? 0;
  }

  /** Whether all sources have told their start: before that, nothing may be written. */
  get isReady(): boolean {
    return this.#gate.isOpen;
  }

  get awaited(): ReadonlySet<Source> {
    return this.#gate.awaited;
  }

  domains(): IterableIterator<Domain> {
    return this.#domains.values();
  }

  domain(vni: Vni): Domain | undefined {
    return this.#domains.get(vni);
  }

  /** By which moves are counted. */
  get duplicates(): DuplicateSettings {
    return this.#settings.duplicates;
  }

  /** All that the other leaves send, whether it concerns us or not. */
  get rib(): Pick<Rib, "macIp" | "imet"> {
    return this.#rib;
  }

  /** Takes in what happened at `at` (milliseconds since the epoch). */
  observe(observation: Observation, at: number): Decision {
    if (observation.kind === "cannot-redirect") this.#redirectMs = 0;
    else this.#take(observation, at);
    return this.#decided(at);
  }

  #decided(at: number): Decision {
    for (const { domain, ip, by } of this.#outbox.takeChanged()) {
      announceChange(this.#scene(domain, at), ip, { by, isReady: this.isReady });
    }
    return this.#outbox.take();
  }

  /** When `tick` is to be called at the latest, in milliseconds since the epoch. */
  get deadline(): number | undefined {
    return this.#due.next;
  }

  /** Whether the deadline may be another since it was last asked for: most frames change nothing. */
  get mayBeDueSooner(): boolean {
    return this.#due.isStale;
  }

  /** Does what is due by now. */
  tick(at: number): Decision {
    for (const each of this.#due.take(at)) doDue(this.#scene(each, at), this.#policy(each.vni));
    return this.#decided(at);
  }

  #take(observation: Exclude<Observation, { kind: "cannot-redirect" }>, at: number): void {
    switch (observation.kind) {
      case "segment-up":
        this.#segmentUp(observation.segment, at);
        break;
      case "segment-down":
        this.#segmentDown(observation.vni, at);
        break;
      case "port-up":
        this.#portUp(observation.vni, observation.port, at);
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
      case "router-heard":
        routerHeard(this.#scene(this.#domainOf(observation.vni), at), observation.mac);
        break;
      case "leased":
        this.#leased(observation, at);
        break;
      case "aged-out":
        this.#agedOut(observation, at);
        break;
      case "speaker-up":
        this.#speakerUp(observation.speaker, at);
        break;
      case "speaker-down": // What the peers told stays true until it is back and says otherwise.
        break;
      case "claimed":
      case "unclaimed":
      case "flood-claimed":
      case "flood-unclaimed":
        this.#rib.take(observation, at);
        break;
      case "remembered":
        // After the start we know better than our own routes do.
        if (!this.isReady) this.#remembered(observation.route, at);
        break;
      case "seq-refused":
        seqRefused(this.#scene(this.#domainOf(observation.vni), at), observation);
        break;
      case "recalled":
        recall(this.#domainOf(observation.memory.vni), observation.memory, at);
        break;
      case "word":
        this.#word(observation, at);
        break;
      case "duplicate-cleared":
        this.#clear(observation, at);
        break;
      case "redirecting":
        this.#domainOf(observation.vni).redirects.adopt(observation);
        break;
      case "told":
        this.#told(observation.source, at);
        break;
    }
  }

  #remembered(route: MacIpRoute, at: number): void {
    recallRoute(this.#domainOf(route.vni), route, at);
  }

  #word(word: Extract<Observation, { kind: "word" }>, at: number): void {
    const { vni } = word.word;
    wordGiven(this.#scene(this.#domainOf(vni), at), word, this.#policy(vni));
  }

  #scene(domain: Domain, at: number): Scene {
    this.#due.touch(domain);
    return { domain, outbox: this.#outbox, at };
  }

  #domainOf(vni: Vni): Domain {
    const domain = this.#domains.get(vni) ?? this.#newDomain(vni);
    this.#due.touch(domain);
    return domain;
  }

  #newDomain(vni: Vni): Domain {
    const redirectMs = (): number => this.#redirectMs;
    const domain = new Domain(vni, { ...hostRules(this.#settings, vni), redirectMs });
    this.#domains.set(vni, domain);
    return domain;
  }

  #told(source: Source, at: number): void {
    const held = this.#gate.told(source);
    if (held === undefined) return;
    for (const each of held) this.#seenNow(each);
    for (const domain of this.#domains.values()) {
      forgetRemembered(domain);
      settleAdopted(this.#scene(domain, at));
    }
    this.#rib.tellUnknown(at);
    this.#outbox.tell({ kind: "ready" });
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
      settings: this.#settings.domains.get(vni)?.routes,
    });
  }

  #portUp(vni: Vni, port: PortName, at: number): void {
    portUp(this.#scene(this.#domainOf(vni), at), port, this.#policy(vni));
  }

  #portDown(vni: Vni, port: PortName, at: number): void {
    this.#gate.portDown(vni, port);
    const domain = this.#domains.get(vni);
    if (domain !== undefined) portDown(this.#scene(domain, at), port);
  }

  #seen(sighting: Sighting, at: number): void {
    const held = { sighting, evidence: this.#gate.evidenceOf(sighting), at };
    if (this.isReady) this.#seenNow(held);
    else this.#gate.hold(held);
  }

  #seenNow({ sighting, evidence, at }: Held): void {
    const domain = this.#domains.get(sighting.vni) ?? this.#newDomain(sighting.vni);
    if (seenOnceMore({ domain, at }, sighting, evidence)) return;
    const scene = this.#scene(domain, at);
    const policy = this.#policy(sighting.vni);
    if (!domain.ports.has(sighting.port)) seenEarly(scene, sighting);
    const wasHere = domain.entry(sighting.mac)?.local !== undefined;
    hostSeen(scene, sighting, { evidence, ...policy });
    if (!wasHere) hostArrived(scene, sighting.mac, policy);
  }

  #leased(leased: Extract<Observation, { kind: "leased" }>, at: number): void {
    hostLeased(this.#scene(this.#domainOf(leased.vni), at), leased, this.#policy(leased.vni));
  }

  #policy(vni: Vni): Omit<SeenPolicy, "evidence"> {
    const { domains, duplicates, probe } = this.#settings;
    return { sticky: stickyHosts(domains.get(vni)), duplicates, probe };
  }

  #agedOut({ vni, mac, port }: Extract<Observation, { kind: "aged-out" }>, at: number): void {
    this.#gate.agedOut(vni, mac);
    const domain = this.#domains.get(vni);
    const entry = domain?.entry(mac);
    domain?.departed.delete(mac);
    if (domain !== undefined) forgetReturning(domain, mac, port);
    if (domain === undefined || entry?.local?.port !== port) return;
    hostAgedOut(this.#scene(domain, at), entry, this.#settings.probe);
  }

  #clear(said: Extract<Observation, { kind: "duplicate-cleared" }>, at: number): void {
    for (const domain of this.#domains.values()) {
      if (said.vni !== undefined && domain.vni !== said.vni) continue;
      clearDuplicates(this.#scene(domain, at), said, this.#policy(domain.vni));
    }
  }
}
