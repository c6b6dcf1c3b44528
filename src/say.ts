/** What is said to hosts and to the bridge besides the rows that stand. */
import type { Announcement } from "./evpn/announcement.ts";
import type { Kernel } from "./linux/kernel.ts";
import type { Engine } from "./mobility/engine.ts";
import type { Decision, Lesson } from "./mobility/outbox.ts";
import type { AnyNotice } from "./report/notices.ts";
import type { Tables } from "./tables.ts";

export interface MouthParts {
  readonly kernel: Kernel;
  readonly tables: Tables;
  readonly engine: Engine;
  readonly tell: (notice: AnyNotice) => void;
}

export class Mouth {
  readonly #parts: MouthParts;
  /** What bridges are still to be taught. */
  #lessons: Lesson[] = [];
  #isTeaching = false;

  constructor(parts: MouthParts) {
    this.#parts = parts;
  }

  say({ questions, lessons, announcements, membershipQueries }: Decision): void {
    const { kernel } = this.#parts;
    for (const question of questions) kernel.ask(question);
    for (const query of membershipQueries) {
      const asked = kernel.askMembership(query);
      if (asked.ok) continue;
      this.#parts.tell({ kind: "membership-not-asked", ...query, reason: asked.error });
    }
    if (lessons.length > 0) {
      this.#lessons.push(...lessons);
      if (!this.#isTeaching) void this.#teach();
    }
    if (announcements.length > 0) this.#announceAll(announcements);
  }

  /** After our own rows are out of the way; and only what is still true by then. */
  async #teach(): Promise<void> {
    const { kernel, tables, engine, tell } = this.#parts;
    const isTrue = ({ vni, mac, port }: Lesson): boolean =>
      engine.domain(vni)?.entry(mac)?.local?.port === port;
    this.#isTeaching = true;
    while (this.#lessons.length > 0) {
      const lessons = this.#lessons;
      this.#lessons = [];
      await tables.kernelSettled();
      const due = lessons.filter(isTrue);
      // The thread that writes may have died, or we leave.
      const failures = await kernel.teach(due).catch((error: unknown) => {
        return due.map((lesson) => ({ lesson, reason: String(error) }));
      });
      for (const { lesson, reason } of failures) tell({ kind: "not-taught", ...lesson, reason });
    }
    this.#isTeaching = false;
  }

  /** To a prober at once; else after the kernel's own answers say the same: a host may ask at once. */
  #announceAll(announcements: readonly Announcement[]): void {
    const answers = announcements.filter(({ to }) => to.kind === "prober");
    for (const answer of answers) this.#announce(answer);
    if (answers.length === announcements.length) return;
    const others = announcements.filter(({ to }) => to.kind !== "prober");
    void this.#parts.tables.kernelSettled().then(() => {
      for (const other of others) this.#announce(other);
    });
  }

  #announce(announcement: Announcement): void {
    const { kernel, tell } = this.#parts;
    const { vni, ip, mac } = announcement;
    for (const reason of kernel.announce(announcement)) {
      tell({ kind: "not-announced", vni, ip, mac, reason });
    }
  }
}
