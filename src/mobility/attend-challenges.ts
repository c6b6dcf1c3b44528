/** Owners whose time has come: they are asked, or what their silence means is acted upon. */
import type { IpAddress } from "../evpn/ip.ts";
import { type Challenge, tellTakenBack } from "./challenge.ts";
import type { Scene } from "./commit.ts";
import { hostSeen, type SeenPolicy } from "./hosts.ts";

type Policy = Omit<SeenPolicy, "evidence">;

export function attendChallenges(scene: Scene, policy: Policy): void {
  const { guard } = scene.domain;
  for (;;) {
    const ip = guard.agenda.take(scene.at);
    if (ip === undefined) return;
    const challenge = guard.challenges.get(ip);
    if (challenge !== undefined) attend(scene, ip, { challenge, policy });
  }
}

function attend(
  scene: Scene,
  ip: IpAddress,
  { challenge, policy }: { challenge: Challenge; policy: Policy },
): void {
  const { domain, outbox, at } = scene;
  const { owner, port, waiting, attemptsLeft = policy.probe.attempts } = challenge;
  if (challenge.isAnswered === true) {
    domain.guard.challenges.delete(ip);
    tellTakenBack(scene, ip, challenge);
    return;
  }
  const entry = domain.entry(owner);
  const isThere = entry?.local?.port === port;
  // While the claim waits, the owner has the IP; if it has lost it otherwise, nobody is to be asked.
  const isMoot = !isThere || (waiting !== undefined && entry?.local?.ips.has(ip) !== true);
  if (!isMoot && attemptsLeft > 0) {
    outbox.ask({ vni: domain.vni, port, mac: owner, ip });
    domain.guard.challenges.set(ip, {
      ...challenge,
      attemptsLeft: attemptsLeft - 1,
      isAsked: true,
    });
    domain.guard.agenda.set(ip, at + policy.probe.intervalMs);
    return;
  }
  domain.guard.challenges.delete(ip);
  // The owner is silent or gone, and the claimant still here: it has the IP now.
  if (waiting === undefined || domain.entry(waiting.mac)?.local?.port !== waiting.port) return;
  hostSeen(scene, waiting, { ...policy, evidence: "new", isSettled: true });
}
