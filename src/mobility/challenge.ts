/**
 * The former or present owner of an IP is asked whether it still has it, for another has claimed it
 * (C6.11; RFC 9721 §8.2). Which claims lead to that stands in `guard.ts`.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Scene } from "./commit.ts";
import { isHandover } from "./duplicates.ts";
import { begin, type Guard, type Spoof, tellSpoof } from "./guard.ts";
import type { MacEntry } from "./mac-entry.ts";
import type { Place } from "./notice.ts";
import type { Sighting } from "./observation.ts";

export interface Challenge {
  readonly owner: MacAddress;
  /** Where it is asked. */
  readonly port: PortName;
  /** Who else wants the IP. */
  readonly by: { readonly mac: MacAddress; readonly place: Place };
  /** The claim that waits for the answer; `undefined`: it has been believed meanwhile. */
  readonly waiting: Sighting | undefined;
  /** `undefined` before the first. */
  readonly attemptsLeft: number | undefined;
  readonly isAsked: boolean;
  /** It has answered that it has the IP, though it had lost it. */
  readonly isAnswered?: true;
}

/**
 * Who takes a virtual IP back has it a moment before it announces it, and may have answered by then:
 * so long an announcement is waited for before it is taken for robbed.
 */
const ANNOUNCES_MS = 100;

/** A host of ours has lost the IP to a claim from elsewhere: it is asked whether that was right. */
export function ownerLost(
  scene: Scene,
  ip: IpAddress,
  { owner, by }: { owner: MacEntry; by: Challenge["by"] },
): void {
  if (scene.domain.guard.mode === "off" || owner.local === undefined) return;
  begin(scene, ip, { owner: owner.mac, port: owner.local.port, by, waiting: undefined });
}

/**
 * Whether a sighting is the owner's word, asked for by us, that the IP is its own: then it is. An
 * owner that had handed the IP over and announces it anew has got it back: there is nothing to ask.
 */
export function ownerSpoke(scene: Scene, { ip, mac, port, signal }: Sighting): boolean {
  const { domain, at } = scene;
  const { guard } = domain;
  const challenge = ip === undefined ? undefined : guard.challenges.get(ip);
  if (ip === undefined || challenge?.owner !== mac) return false;
  if (challenge.waiting === undefined && isHandover(signal)) {
    end(guard, ip);
    return false;
  }
  if (challenge.port !== port || !challenge.isAsked) return false;
  if (challenge.waiting === undefined) {
    if (signal !== "answer") return false;
    if (challenge.isAnswered !== true) {
      guard.challenges.set(ip, { ...challenge, isAnswered: true });
      guard.agenda.set(ip, at + ANNOUNCES_MS);
    }
    return true;
  }
  end(guard, ip);
  guard.refuse({ ip, mac: challenge.by.mac }, at);
  tellSpoof(scene, spoofOf(ip, challenge), "refused");
  return true;
}

/** The owner has answered, and has not announced the IP since. */
export function tellTakenBack(scene: Scene, ip: IpAddress, challenge: Challenge): void {
  const { mac } = challenge.by;
  if (!scene.domain.guard.isNews({ ip, mac }, scene.at)) return;
  tellSpoof(scene, spoofOf(ip, challenge), "taken-back");
}

function spoofOf(ip: IpAddress, { by, owner, port }: Challenge): Spoof {
  return { mac: by.mac, ip, owner, at: { kind: "port", port } };
}

function end({ challenges, agenda }: Guard, ip: IpAddress): void {
  challenges.delete(ip);
  agenda.delete(ip);
}
