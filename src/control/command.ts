/**
 * What `roam` may tell `roamd` to do. A command is read and checked here, whoever has typed or sent
 * it; it is decided upon like any other news, so that it is recorded and replayed too.
 */
import { type IpAddress, parseIp } from "../evpn/ip.ts";
import { type MacAddress, parseMac } from "../evpn/mac.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { SaidWord } from "../mobility/notice.ts";
import { clip, type Fields, notA, quote, readObject, readVni, withOnly } from "./request.ts";
import { readAttach, readDetach, readMigrate, type WordCommand } from "./word-command.ts";

export type Command =
  /** What was held to be a duplicate is none, or is put right. */
  | {
      readonly kind: "clear-duplicate";
      /** `all` must be said: a field that is left out by mistake shall not clear everything. */
      readonly address: MacAddress | IpAddress | "all";
      /** `undefined`: in every MAC-VRF. */
      readonly vni: Vni | undefined;
    }
  | WordCommand;

export type CommandKind = Command["kind"];

/** What is answered to each command, as `roam --json` prints it. */
export interface CommandAnswers {
  readonly "clear-duplicate": {
    /** How many MACs and IPs were duplicates, and are no longer. */
    readonly cleared: number;
  };
  readonly attach: WordAnswer;
  readonly detach: WordAnswer;
  readonly migrate: WordAnswer;
}

/** Where the host is, by our knowledge, after the word was acted upon. */
export interface WordAnswer {
  readonly vni: Vni;
  readonly mac: MacAddress;
  readonly said: SaidWord;
  readonly whereabouts: "here" | "there" | "duplicate" | "nowhere";
  readonly port: string | null;
  readonly vtep: VtepAddress | null;
  readonly seq: number | null;
}

export type CommandAnswer = CommandAnswers[CommandKind];

/** How the fields of each command are read. */
const READERS: {
  readonly [K in CommandKind]: (fields: Fields) => Result<Extract<Command, { kind: K }>>;
} = {
  "clear-duplicate": readClearDuplicate,
  attach: readAttach,
  detach: readDetach,
  migrate: readMigrate,
};

const KINDS = Object.keys(READERS) as readonly CommandKind[];

/** Reads a command that has come over the socket. */
export function readCommandRequest(text: string): Result<Command> {
  const input = readObject(text);
  return input.ok ? readCommand(input.value) : input;
}

/** Reads a command that somebody has typed or sent. */
export function readCommand({ kind: word, ...fields }: Fields): Result<Command> {
  const kind = KINDS.find((kind) => kind === word);
  if (kind === undefined) {
    return err(`Cannot do ${quote(word)}: it is none of ${KINDS.join(", ")}`);
  }
  return READERS[kind](fields);
}

type ClearDuplicate = Extract<Command, { kind: "clear-duplicate" }>;

function readClearDuplicate(input: Fields): Result<ClearDuplicate> {
  const known = withOnly(["address", "vni"], input);
  if (!known.ok) return known;
  const { address, vni } = known.value;
  const cleared = readAddress(address);
  if (!cleared.ok) return err(`Cannot clear a duplicate: ${cleared.error}`);
  const number = readVni(vni);
  if (!number.ok) return err(`Cannot clear a duplicate: ${number.error}`);
  return ok({ kind: "clear-duplicate", address: cleared.value, vni: number.value });
}

function readAddress(value: unknown): Result<MacAddress | IpAddress | "all"> {
  if (value === "all") return ok(value);
  if (typeof value !== "string") return notA(value, "a MAC or an IP address, or all");
  const mac = parseMac(clip(value));
  if (mac.ok) return mac;
  const ip = parseIp(clip(value));
  return ip.ok ? ip : notA(value, "a MAC or an IP address, or all");
}
