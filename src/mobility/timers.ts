/** What is put off for a MAC, and until when: read off its MAC-VRF, for people. */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { Domain } from "./domain.ts";
import type { DuplicateSettings } from "./duplicates.ts";
import { ipsOf, type MacEntry } from "./mac-entry.ts";
import type { Phase } from "./migration.ts";
import type { ProbeReason } from "./probes.ts";

export type Timer = {
  /** Milliseconds since the epoch; `undefined`: not before somebody does something. */
  readonly dueAt: number | undefined;
} /** The host is asked for its IPs once more, or its silence counts. */ & (
  | {
      readonly name: "probe";
      readonly reason: ProbeReason;
      readonly attemptsLeft: number;
      readonly ips: readonly IpAddress[];
    }
  /** The MAC is looked at again: has it been silent for too long? */
  | { readonly name: "look" }
  /** The old owner is outbid again, if it has not let go by then; `tries` is how often it was. */
  | { readonly name: "let-go"; readonly tries: number }
  /** The speaker has refused the number, and more is bid. */
  | { readonly name: "refused-number"; readonly seq: number }
  /** The owner of an IP is asked whether it is its own still. */
  | { readonly name: "challenge"; readonly ip: IpAddress; readonly owner: MacAddress }
  | { readonly name: "migration"; readonly phase: Phase }
  /** The oldest of the moves that count towards a duplicate counts no longer. */
  | { readonly name: "duplicate-window"; readonly moves: number; readonly of: number }
  /** A duplicate is one no longer; with `ip` that IP. */
  | { readonly name: "recovery"; readonly ip: IpAddress | undefined }
  | { readonly name: "lease"; readonly ip: IpAddress }
  /** What still comes for the MAC is sent on until then. */
  | { readonly name: "redirect"; readonly vtep: VtepAddress }
);

export function timersOf(
  domain: Domain,
  entry: MacEntry,
  duplicates: DuplicateSettings,
): readonly Timer[] {
  const { mac } = entry;
  const timers = [
    ...agendaTimers(domain, entry),
    ...challengeTimers(domain, mac),
    ...duplicateTimers(domain, entry, duplicates),
    ...[...domain.leases.ipsOf(mac)].map(
      (ip): Timer => ({ name: "lease", ip, dueAt: domain.leases.endOf(ip) }),
    ),
  ];
  const migration = domain.migrations.get(mac);
  if (migration !== undefined) {
    timers.push({ name: "migration", phase: migration.phase, dueAt: migration.until });
  }
  const redirect = domain.redirects.get(mac);
  if (redirect !== undefined) {
    timers.push({ name: "redirect", vtep: redirect.vtep, dueAt: redirect.until });
  }
  const at = ({ dueAt }: Timer): number => dueAt ?? Number.POSITIVE_INFINITY;
  return timers.sort((a, b) => at(a) - at(b));
}

function agendaTimers(domain: Domain, { mac, local }: MacEntry): Timer[] {
  const timers: Timer[] = [];
  const dueAt = domain.agenda.at(mac);
  const probe = domain.probes.get(mac);
  if (probe !== undefined) {
    const { reason, attemptsLeft, ips } = probe;
    timers.push({ name: "probe", reason, attemptsLeft, ips: [...ips], dueAt });
  } else if (dueAt !== undefined) timers.push({ name: "look", dueAt });
  const letGoAt = domain.letGoAgenda.at(mac);
  // Where it is no longer here, that time will pass without a word.
  if (letGoAt !== undefined && local !== undefined) {
    timers.push({ name: "let-go", tries: domain.lettingGo.get(mac)?.bids ?? 0, dueAt: letGoAt });
  }
  const refusedAt = domain.refusalAgenda.at(mac);
  if (refusedAt !== undefined) {
    const seq = domain.refusals.get(mac) ?? 0;
    timers.push({ name: "refused-number", seq, dueAt: refusedAt });
  }
  return timers;
}

function challengeTimers({ guard }: Domain, mac: MacAddress): Timer[] {
  return [...guard.challenges].flatMap(([ip, { owner, by }]): Timer[] =>
    owner === mac || by.mac === mac
      ? [{ name: "challenge", ip, owner, dueAt: guard.agenda.at(ip) }]
      : [],
  );
}

function duplicateTimers(
  { ipMoves }: Domain,
  entry: MacEntry,
  { moves, windowMs }: DuplicateSettings,
): Timer[] {
  const timers: Timer[] = [];
  const { duplicate, moveTimes } = entry;
  const [oldest] = moveTimes;
  if (duplicate !== undefined) {
    timers.push({ name: "recovery", ip: undefined, dueAt: duplicate.recoversAt });
  } else if (oldest !== undefined) {
    const dueAt = oldest + windowMs;
    timers.push({ name: "duplicate-window", moves: moveTimes.length, of: moves, dueAt });
  }
  for (const ip of new Set(ipsOf(entry))) {
    const ofIp = ipMoves.get(ip)?.duplicate;
    if (ofIp !== undefined) timers.push({ name: "recovery", ip, dueAt: ofIp.recoversAt });
  }
  return timers;
}
