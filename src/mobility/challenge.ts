/**
 * The former or present owner of an IP is asked whether it still has it, for another has claimed it
 * (C6.11; RFC 9721 §8.2). Which claims lead to that stands in `guard.ts`.
 */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { Scene } from "./commit.ts";
import { isHandover } from "./duplicates.ts";
import { begin, type Guard, tellSpoof } from "./guard.ts";
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
}

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
  if (challenge.waiting === undefined && signal !== "answer") return false;
  end(guard, ip);
  const spoof = { mac: challenge.by.mac, ip, owner: mac, at: { kind: "port", port } as const };
  if (challenge.waiting !== undefined) {
    guard.refuse({ ip, mac: challenge.by.mac }, at);
    tellSpoof(scene, spoof, "refused");
    return true;
  }
  if (guard.isNews({ ip, mac: challenge.by.mac }, at)) tellSpoof(scene, spoof, "taken-back");
  return true;
}

function end({ challenges, agenda }: Guard, ip: IpAddress): void {
  challenges.delete(ip);
  agenda.delete(ip);
}
