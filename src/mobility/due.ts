/** What a MAC-VRF has put off: when the next of it is due, and doing it. */
import { announceDue } from "./announce.ts";
import { attendAll } from "./attend.ts";
import { attendChallenges } from "./attend-challenges.ts";
import type { Scene } from "./commit.ts";
import type { Domain } from "./domain.ts";
import type { SeenPolicy } from "./hosts.ts";
import { endLeases } from "./leased.ts";
import { remindAll } from "./let-go.ts";
import { askDue } from "./membership.ts";
import { nextTimeout } from "./migration.ts";
import { nextRecovery, recoverDue } from "./recover.ts";
import { endOldRedirects } from "./redirects.ts";
import { bidAgain } from "./refusals.ts";
import { endOverdue } from "./word.ts";

export function nextDue(domain: Domain): number | undefined {
  const times = [
    nextRecovery(domain),
    domain.agenda.next,
    domain.letGoAgenda.next,
    domain.refusalAgenda.next,
    nextTimeout(domain),
    domain.leases.next,
    domain.guard.agenda.next,
    domain.announcer.agenda.next,
    domain.membership.agenda.next,
    domain.redirects.agenda.next,
  ];
  const earliest = Math.min(...times.map((at) => at ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(earliest) ? earliest : undefined;
}

/** Does all that is due by the scene's time. */
export function doDue(scene: Scene, policy: Omit<SeenPolicy, "evidence">): void {
  recoverDue(scene, policy);
  endOverdue(scene, policy.probe);
  endLeases(scene, policy);
  attendChallenges(scene, policy);
  attendAll(scene, policy);
  remindAll(scene);
  bidAgain(scene);
  announceDue(scene);
  askDue(scene);
  endOldRedirects(scene);
}
