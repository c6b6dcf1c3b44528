/** What a MAC-VRF has put off: when the next of it is due, and doing it. */
import { Agenda } from "./agenda.ts";
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

/** The MAC-VRFs that have put something off: only where something has happened is looked anew. */
export class DueDomains {
  readonly #agenda = new Agenda<Domain>();
  readonly #touched = new Set<Domain>();

  /** Something happens there: what it has put off may be another by the time that is asked for. */
  touch(domain: Domain): void {
    this.#touched.add(domain);
  }

  /** Whether it may be another time since it was last asked for. */
  get isStale(): boolean {
    return this.#touched.size > 0;
  }

  /** When the first of them is due. */
  get next(): number | undefined {
    this.#look();
    return this.#agenda.next;
  }

  /** Takes out all that are due by now. */
  take(now: number): readonly Domain[] {
    this.#look();
    const due: Domain[] = [];
    for (;;) {
      const first = this.#agenda.take(now);
      if (first === undefined) return due;
      due.push(first);
    }
  }

  #look(): void {
    for (const domain of this.#touched) {
      const at = nextDue(domain);
      if (at === undefined) this.#agenda.delete(domain);
      else this.#agenda.set(domain, at);
    }
    this.#touched.clear();
  }
}

function nextDue(domain: Domain): number | undefined {
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
