/** What is said to hosts and to the bridge besides the rows that stand. */
import type { Announcement } from "./evpn/announcement.ts";
import type { Kernel } from "./linux/kernel.ts";
import type { Engine } from "./mobility/engine.ts";
import type { Decision, Lesson } from "./mobility/outbox.ts";
import type { AnyNotice } from "./report/notices.ts";
import type { Tables } from "./tables.ts";

interface Mouth {
  readonly kernel: Kernel | undefined;
  readonly tables: Tables;
  readonly engine: Engine;
  readonly tell: (notice: AnyNotice) => void;
}

export function say(
  { questions, lessons, announcements, membershipQueries }: Decision,
  mouth: Mouth,
): void {
  for (const question of questions) mouth.kernel?.ask(question);
  for (const query of membershipQueries) {
    const asked = mouth.kernel?.askMembership(query);
    if (asked?.ok !== false) continue;
    mouth.tell({ kind: "membership-not-asked", ...query, reason: asked.error });
  }
  const answers = announcements.filter(({ to }) => to.kind === "prober");
  for (const answer of answers) announce(answer, mouth);
  if (lessons.length > 0) void teach(lessons, mouth);
  if (announcements.length > answers.length) void announceAll(announcements, mouth);
}

/** After our own rows are out of the way; and only what is still true by then. */
async function teach(lessons: readonly Lesson[], { kernel, tables, engine, tell }: Mouth) {
  await tables.kernelSettled();
  for (const lesson of lessons) {
    const { vni, mac, port } = lesson;
    if (engine.domain(vni)?.entry(mac)?.local?.port !== port) continue;
    const taught = await kernel?.teach(lesson);
    if (taught?.ok === false) tell({ kind: "not-taught", vni, mac, port, reason: taught.error });
  }
}

/** After the kernel's own answers say the same: a host that hears it may ask at once. */
async function announceAll(announcements: readonly Announcement[], mouth: Mouth): Promise<void> {
  await mouth.tables.kernelSettled();
  for (const each of announcements) if (each.to.kind !== "prober") announce(each, mouth);
}

function announce(announcement: Announcement, { kernel, tell }: Mouth): void {
  const { vni, ip, mac } = announcement;
  for (const reason of kernel?.announce(announcement) ?? []) {
    tell({ kind: "not-announced", vni, ip, mac, reason });
  }
}
