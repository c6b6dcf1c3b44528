/**
 * A MAC of ours is seen at another port of this leaf: it has moved, or somebody uses its address. The
 * move counts at once in any mode of `hosts.guard`, for the bridge follows the frame anyhow; but with
 * `warn` and `strict` the host is asked at the port it was at before. A bond that has failed over and a
 * machine that was migrated do not answer there. If it does answer:
 *
 * - it is told that the MAC is at two ports, once in a while;
 * - with `strict` it is back where it answers, as it is for the bridge, which has learned it from the
 *   answer. For some time what is seen at other ports is believed only when it no longer answers there.
 *
 * A host of which no IP is known can not be asked.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Scene } from "./commit.ts";
import { HOLD_MS } from "./guard.ts";
import type { MacEntry } from "./mac-entry.ts";
import type { Sighting } from "./observation.ts";
import { type Family, familyOf } from "./probes.ts";

/** A forger can use as many MACs as there are. */
const MACS_MAX = 1024;

interface Question {
  /** Where it was before, and is asked. */
  readonly old: PortName;
  readonly seenAt: PortName;
  readonly at: number;
}

interface Proof {
  /** Where it has answered. */
  readonly port: PortName;
  readonly at: number;
  readonly toldAt: number;
}

/** What is remembered of one MAC-VRF. */
export class TwoPorts {
  /** Questions that no answer has come to yet. */
  readonly asked: Map<MacAddress, Question> = new Map();
  /** MACs that have answered at another port than they were seen at. */
  readonly proofs: Map<MacAddress, Proof> = new Map();

  forget(mac: MacAddress): void {
    this.asked.delete(mac);
    this.proofs.delete(mac);
  }
}

function remember<V>(map: Map<MacAddress, V>, mac: MacAddress, value: V): void {
  map.delete(mac);
  map.set(mac, value);
  if (map.size <= MACS_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

/** Whether it is believed that the host is at this port. Asks and tells what there is to. */
export function isBelievedThere(
  scene: Scene,
  sighting: Sighting,
  {
    before,
    isFree,
    patienceMs,
  }: {
    before: MacEntry | undefined;
    /** It may be at several places, or was said to go elsewhere. */
    isFree: boolean;
    /** By then an answer would have come. */
    patienceMs: number;
  },
): boolean {
  const { domain, at } = scene;
  const { mac, port, signal } = sighting;
  const local = before?.local;
  const { asked, proofs } = domain.twoPorts;
  if (domain.guard.mode === "off" || local === undefined || isFree) {
    asked.delete(mac);
    return true;
  }
  const question = asked.get(mac);
  const isRunning = question !== undefined && at - question.at < patienceMs;
  if (isRunning && question.old === port) {
    if (signal === "answer") proven(scene, sighting, question.seenAt);
    // It has come back, by a word of its own. Data may be what the bridge has learned from the answer.
    if (signal !== "data") asked.delete(mac);
    return true;
  }
  if (local.port === port) return true;
  const proof = proofs.get(mac);
  const isHeld = proof !== undefined && at - proof.at < HOLD_MS;
  const mustAnswer = isHeld && domain.guard.mode === "strict" && proof.port === local.port;
  if (isRunning) return !mustAnswer;
  // It was asked at the port it has answered at before, and has not answered.
  const isSilent = question?.old === local.port && question.seenAt === port;
  asked.delete(mac);
  if (mustAnswer && isSilent && signal !== "word") {
    proofs.delete(mac);
    return true;
  }
  // Told a moment ago: without `strict` nothing follows from an answer.
  if (signal === "word" || (isHeld && !mustAnswer)) return true;
  return ask(scene, local, { mac, seenAt: port }) ? !mustAnswer : true;
}

/** One IP of each family is enough. Answers whether there is one. */
function ask(
  { domain, outbox, at }: Scene,
  local: NonNullable<MacEntry["local"]>,
  { mac, seenAt }: { mac: MacAddress; seenAt: PortName },
): boolean {
  const old = local.port;
  if (!domain.ports.has(old)) return false;
  const families = new Set<Family>();
  for (const ip of local.ips.keys()) {
    if (families.has(familyOf(ip))) continue;
    families.add(familyOf(ip));
    outbox.ask({ vni: domain.vni, port: old, mac, ip });
  }
  if (families.size > 0) remember(domain.twoPorts.asked, mac, { old, seenAt, at });
  return families.size > 0;
}

function proven({ domain, outbox, at }: Scene, { mac, port }: Sighting, other: PortName): void {
  const { proofs } = domain.twoPorts;
  const known = proofs.get(mac)?.toldAt;
  const isNews = known === undefined || at - known >= HOLD_MS;
  remember(proofs, mac, { port, at, toldAt: isNews ? at : known });
  if (!isNews) return;
  const action = domain.guard.mode === "strict" ? "refused" : "believed";
  outbox.tell({ kind: "at-two-ports", vni: domain.vni, mac, port, other, action });
}
