/** What one observation leads to, gathered while it is worked on. */
import type { Announcement } from "../evpn/announcement.ts";
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import type { RowAt } from "../evpn/rows.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Domain } from "./domain.ts";
import type { Memory } from "./memory.ts";
import type { MovedBy, Notice } from "./notice.ts";
import type { Question } from "./probes.ts";

/** That a host is behind this port now. */
export interface Lesson {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly port: PortName;
}

export interface MembershipQuery {
  readonly vni: Vni;
  readonly port: PortName;
}

export interface Decision {
  /** What should stand from now on, in the order in which it is to be written. */
  readonly wants: readonly RowAt[];
  readonly notices: readonly Notice[];
  /** Hosts that have come to a port of ours, for a bridge that may have them elsewhere still. */
  readonly lessons: readonly Lesson[];
  /** Whom to ask by a frame. */
  readonly questions: readonly Question[];
  /** Ports behind which all are asked of which multicast groups they are. */
  readonly membershipQueries: readonly MembershipQuery[];
  /** What to say to hosts in another's place. */
  readonly announcements: readonly Announcement[];
  /** What is to be found again after a restart. */
  readonly memories: readonly Memory[];
}

/** Who has an IP may be another now, and by what. */
export interface IpChanged {
  readonly domain: Domain;
  readonly ip: IpAddress;
  readonly by: MovedBy;
}

/** A decision while it is gathered. A list is made for the first that comes into it: most stay empty. */
type Gathered = { -readonly [List in keyof Decision]: Decision[List][number][] };

const NONE: never[] = [];

function nothingYet(): Gathered {
  return {
    wants: NONE,
    notices: NONE,
    lessons: NONE,
    questions: NONE,
    membershipQueries: NONE,
    announcements: NONE,
    memories: NONE,
  };
}

function added<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item];
  list.push(item);
  return list;
}

/** Of most sightings: that nothing follows. */
export const NOTHING: Decision = nothingYet();

/** Whether there is more than rows and notices; of most routes there is not. */
export function saysOrKeeps(decision: Omit<Decision, "wants" | "notices">): boolean {
  return (
    decision.memories.length > 0 ||
    decision.questions.length > 0 ||
    decision.lessons.length > 0 ||
    decision.membershipQueries.length > 0 ||
    decision.announcements.length > 0
  );
}

export class Outbox {
  #gathered = nothingYet();
  #changed: IpChanged[] = [];

  want(row: RowAt): void {
    this.#gathered.wants = added(this.#gathered.wants, row);
  }

  teach(lesson: Lesson): void {
    this.#gathered.lessons = added(this.#gathered.lessons, lesson);
  }

  ask(question: Question): void {
    this.#gathered.questions = added(this.#gathered.questions, question);
  }

  askMembership(query: MembershipQuery): void {
    this.#gathered.membershipQueries = added(this.#gathered.membershipQueries, query);
  }

  announce(announcement: Announcement): void {
    this.#gathered.announcements = added(this.#gathered.announcements, announcement);
  }

  /** Who has this IP may be another now. */
  changed(changed: IpChanged): void {
    this.#changed.push(changed);
  }

  /** Each IP once, with what has changed it last. */
  takeChanged(): readonly IpChanged[] {
    const changed = this.#changed;
    if (changed.length === 0) return changed;
    this.#changed = [];
    return changed.length === 1 ? changed : lastOfEach(changed);
  }

  remember(memory: Memory): void {
    this.#gathered.memories = added(this.#gathered.memories, memory);
  }

  tell(notice: Notice): void {
    this.#gathered.notices = added(this.#gathered.notices, notice);
  }

  /** Asks for `after` where it differs from `before`; rows that were and are no more come last. */
  replace(before: readonly RowAt[], after: readonly RowAt[]): void {
    if (before.length === 0) {
      for (const row of after) this.want(row);
      return;
    }
    const [wasAt, isAt] = [finder(before), finder(after)];
    for (const row of after) {
      const was = wasAt(row);
      if (was === undefined || !isSame(was.row, row.row)) this.want(row);
    }
    for (const row of before) if (isAt(row) === undefined) this.want(absent(row));
  }

  take(): Decision {
    const gathered = this.#gathered;
    if (gathered.wants.length === 0 && gathered.notices.length === 0 && !saysOrKeeps(gathered))
      return NOTHING;
    this.#gathered = nothingYet();
    return gathered;
  }
}

function lastOfEach(changed: readonly IpChanged[]): readonly IpChanged[] {
  const last = new Map<Domain, Map<IpAddress, IpChanged>>();
  for (const each of changed) {
    const known = last.get(each.domain);
    if (known === undefined) last.set(each.domain, new Map([[each.ip, each]]));
    else known.set(each.ip, each);
  }
  return [...last.values()].flatMap((each) => [...each.values()]);
}

/** To look through a few is faster than any index: one MAC has as many as it has IPs. */
const FEW = 8;

/** Finds what stands at the place of another row. */
function finder(rows: readonly RowAt[]): (at: RowAt) => RowAt | undefined {
  if (rows.length <= FEW) {
    return ({ table, key }) => rows.find((row) => row.key === key && row.table === table);
  }
  const byPlace = new Map(rows.map((row) => [placeOf(row), row]));
  return (at) => byPlace.get(placeOf(at));
}

function placeOf({ table, key }: RowAt): string {
  return `${table}|${key}`;
}

/** That nothing should stand where this row does. */
export function absent(at: RowAt): RowAt {
  return { ...at, row: undefined };
}

/** Rows are records of text, numbers, and lists and records of those; of one table, of one shape. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isRecord(a) || !isRecord(b)) return false;
  for (const field in a) if (!isSame(a[field], b[field])) return false;
  for (const field in b) if (!(field in a)) return false;
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
