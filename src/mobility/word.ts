/** What is done when the hypervisor says where a host is or goes; the phases are in `migration.ts`. */
import type { IpAddress } from "../evpn/ip.ts";
import type { PortName } from "../evpn/port.ts";
import { commit, type Scene } from "./commit.ts";
import { hostLeft, hostSeen, type SeenPolicy } from "./hosts.ts";
import { ipsOf, type MacEntry, newEntry } from "./mac-entry.ts";
import { enter, type Migration, type Word } from "./migration.ts";
import type { WordRefused } from "./notice.ts";
import type { Observation } from "./observation.ts";
import { beginProbe, type ProbeSettings } from "./probes.ts";
import { raised } from "./reclaim.ts";

type Said = Extract<Observation, { kind: "word" }>;
type Migrate = Extract<Word, { kind: "migrate" }>;

type WordPolicy = Omit<SeenPolicy, "evidence">;

/** Acts upon the word, or tells why it is refused. */
export function wordGiven(scene: Scene, { word, by }: Said, policy: WordPolicy): void {
  const { outbox } = scene;
  const { vni, mac } = word;
  const refused = act(scene, word, policy);
  const said = {
    vni,
    mac,
    word: word.kind === "migrate" ? word.step : word.kind,
    ...(by === undefined ? {} : { by }),
  };
  if (refused !== undefined) outbox.tell({ kind: "word-refused", ...said, refused });
  else outbox.tell({ kind: "word-given", ...said });
}

function act(scene: Scene, word: Word, policy: WordPolicy): WordRefused | undefined {
  const { domain } = scene;
  if (domain.segment === undefined) return "unknown-segment";
  switch (word.kind) {
    case "attach":
      return attach(scene, word, policy);
    case "detach": {
      const entry = domain.entry(word.mac);
      if (entry?.local?.port !== word.port) return "not-here";
      domain.migrations.delete(word.mac);
      hostLeft(scene, entry, "word");
      return undefined;
    }
    case "migrate":
      return migrate(scene, word, policy);
  }
}

function attach(
  scene: Scene,
  { vni, mac, port, ips }: Pick<Extract<Word, { kind: "attach" }>, "vni" | "mac" | "port" | "ips">,
  policy: WordPolicy,
): WordRefused | undefined {
  const { domain } = scene;
  if (!domain.ports.has(port)) return "unknown-port";
  for (const ip of ips.length === 0 ? [undefined] : ips) {
    const sighting = { kind: "seen", vni, mac, port, ip, signal: "word" } as const;
    hostSeen(scene, sighting, { ...policy, evidence: "new" });
  }
  return domain.entry(mac)?.local?.port === port ? undefined : "claimed-elsewhere";
}

function migrate(scene: Scene, word: Migrate, policy: WordPolicy): WordRefused | undefined {
  const { domain } = scene;
  const { mac, to } = word;
  const entry = domain.entry(mac);
  const known = domain.migrations.get(mac);
  switch (word.step) {
    case "start":
      if (known?.phase === "suspended") return "suspended";
      enter(scene, mac, { phase: "started", to, ...whereItWas(entry, known, word) });
      return undefined;
    case "suspend":
      if (entry?.local === undefined) return "not-here";
      enter(scene, mac, { phase: "suspended", to, ...whereItWas(entry, known, word) });
      // Nobody asks a host that can not answer.
      domain.probes.delete(mac);
      return undefined;
    case "land":
      return land(scene, word, policy);
    case "commit":
      return end(scene, word, { stays: known?.phase === "landed", policy });
    case "abort":
      return end(scene, word, { stays: known?.phase !== "landed", policy });
  }
}

function whereItWas(
  entry: MacEntry | undefined,
  known: Migration | undefined,
  { ips }: Migrate,
): Pick<Migration, "port" | "ips"> {
  // At the leaf it comes to, what the routes give it: they may be withdrawn before it lands.
  const held: readonly IpAddress[] = entry === undefined ? (known?.ips ?? []) : ipsOf(entry);
  return { port: entry?.local?.port ?? known?.port, ips: [...new Set([...held, ...ips])] };
}

/** It runs here now: it is claimed without waiting for a frame of its own. */
function land(scene: Scene, word: Migrate, policy: WordPolicy): WordRefused | undefined {
  const { domain } = scene;
  const { vni, mac, to } = word;
  const ips = word.ips.length > 0 ? word.ips : (domain.migrations.get(mac)?.ips ?? []);
  const port = word.port ?? onlyPort(domain.ports);
  if (port === undefined) return "port-needed";
  enter(scene, mac, { phase: "landed", to, port, ips });
  const refused = attach(scene, { vni, mac, port, ips }, policy);
  if (refused !== undefined) domain.migrations.delete(mac);
  else if (word.ips.length > 0) keepOnly(scene, word);
  return refused;
}

/** With IPs said, those and no others: a cold migration may change them. */
function keepOnly(scene: Scene, { mac, ips }: Migrate): void {
  const entry = scene.domain.entry(mac);
  if (entry?.local === undefined) return;
  const kept = new Map([...entry.local.ips].filter(([ip]) => ips.includes(ip)));
  if (kept.size === entry.local.ips.size) return;
  const after = { ...entry, local: { ...entry.local, ips: kept } };
  commit(scene, { before: entry, after, by: "word" });
}

function onlyPort(ports: ReadonlySet<PortName>): PortName | undefined {
  const [only, ...more] = ports;
  return more.length === 0 ? only : undefined;
}

/** The migration is over: the host stays here, or it is gone from here. */
function end(
  scene: Scene,
  { vni, mac, step }: Migrate,
  { stays, policy }: { stays: boolean; policy: WordPolicy },
): WordRefused | undefined {
  const { domain, at } = scene;
  const known = domain.migrations.get(mac);
  if (known === undefined) return "no-migration";
  domain.migrations.delete(mac);
  const entry = domain.entry(mac) ?? newEntry({ vni, mac }, at);
  if (!stays) {
    hostLeft(scene, entry, "word");
    return undefined;
  }
  if (step === "commit") return undefined;
  // It was not here, and does not come.
  if (known.port === undefined) return undefined;
  // The source is restored everywhere, whatever the others have heard by now (C9.17).
  if (!domain.ports.has(known.port)) return "unknown-port";
  const { port, ips } = known;
  const refused = attach(scene, { vni, mac, port, ips }, policy);
  const restored = domain.entry(mac);
  if (restored?.local === undefined) return refused;
  if (entry.local !== undefined) {
    commit(scene, { before: restored, after: raised(restored), by: "word" });
  }
  return refused;
}

/** Phases that have lasted too long are over: what frames and routes say counts again. */
export function endOverdue(scene: Scene, settings: ProbeSettings): void {
  const { domain, outbox, at } = scene;
  for (const [mac, { phase, until }] of [...domain.migrations]) {
    if (until > at) continue;
    domain.migrations.delete(mac);
    outbox.tell({ kind: "migration-timed-out", vni: domain.vni, mac, phase });
    const local = domain.entry(mac)?.local;
    if (phase !== "suspended" || local === undefined || local.ips.size === 0) continue;
    const ips = new Set(local.ips.keys());
    const { port } = local;
    beginProbe(scene, mac, { reason: "aged-out", port, ips, attemptsLeft: settings.attempts });
  }
}
