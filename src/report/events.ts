/** What `roam watch` tells: a notice with its sentence, and a move once this leaf has followed it. */
import { type MoveRecord, recordOf } from "./move.ts";
import type { Level } from "./notice-entry.ts";
import { type AnyNotice, levelOf, sentenceOf } from "./notices.ts";
import type { MoveFollowed } from "./timeline.ts";

/** Plain data; who sends it says when it was, as `at`. */
export type Event = (AnyNotice | FollowedEvent) & { readonly level: Level; readonly text: string };

interface FollowedEvent extends Omit<MoveRecord, "at"> {
  readonly kind: "followed";
  /** When the move began, from which its steps are counted. */
  readonly since: string;
}

export function noticeEvent(notice: AnyNotice): Event {
  return { ...notice, level: levelOf(notice), text: sentenceOf(notice) };
}

export function followedEvent({ move: followed, tookMs }: MoveFollowed): Event {
  const { at, ...move } = recordOf(followed);
  const took = `${Math.round(tookMs * 10) / 10} ms`;
  const text = `Followed MAC ${move.mac} in VNI ${move.vni} to ${move.to ?? "nowhere"} in ${took}`;
  return { kind: "followed", since: at, ...move, level: "info", text };
}
