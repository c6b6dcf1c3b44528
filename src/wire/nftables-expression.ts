/**
 * The steps of a rule of nf_tables (`linux/netfilter/nf_tables.h`). Each loads a register, compares
 * one, or does something; the rule ends where a comparison fails. What is compared is as it stands in
 * a packet, or in the machine's byte order where the kernel itself keeps it (a mark, an ifindex).
 */
import { LITTLE_ENDIAN, type MessageWriter, viewOf } from "./netlink.ts";

/** Writes one step. */
export type NftExpression = (writer: MessageWriter) => void;

export const ExpressionAttribute = { name: 1, data: 2 } as const;

/** Four bytes each. */
export type Register = number;
const FIRST_REGISTER = 8;
const VERDICT_REGISTER = 0;
const DATA_VALUE = 1;
const DATA_VERDICT = 2;
const Verdict = { accept: 1, jump: -3 } as const;
const CHECKSUM_INTERNET = 1;

/** The register that begins at this word. */
export function register(word: number): Register {
  return FIRST_REGISTER + word;
}

/** What the kernel knows of a packet besides its bytes. */
export const Meta = { mark: 3, iif: 4, familyOfPacket: 15, protocol: 16 } as const;
export type Meta = (typeof Meta)[keyof typeof Meta];

/** Where a field stands: from which header, at which byte, how many. */
export interface Field {
  readonly base: "link" | "network" | "transport";
  readonly offset: number;
  readonly length: number;
}
const BASE = { link: 0, network: 1, transport: 2 } as const;

/** An expression by its name in the kernel; `write` writes its attributes. */
export function expression(name: string, write: NftExpression): NftExpression {
  return (writer) => {
    writer.text(ExpressionAttribute.name, name);
    writer.nested(ExpressionAttribute.data, () => write(writer));
  };
}

export function loadMeta(key: Meta, into: Register): NftExpression {
  return expression("meta", (writer) => writer.u32Network(1, into).u32Network(2, key));
}

export function setMark(from: Register): NftExpression {
  return expression("meta", (writer) => writer.u32Network(2, Meta.mark).u32Network(3, from));
}

export function load({ base, offset, length }: Field, into: Register): NftExpression {
  return expression("payload", (writer) =>
    writer
      .u32Network(1, into)
      .u32Network(2, BASE[base])
      .u32Network(3, offset)
      .u32Network(4, length),
  );
}

/** Writes a field; with `checksumAt`, the network header's checksum is put right. */
export function store(
  { base, offset, length }: Field,
  from: Register,
  { checksumAt }: { checksumAt: number | undefined },
): NftExpression {
  return expression("payload", (writer) => {
    writer.u32Network(2, BASE[base]).u32Network(3, offset).u32Network(4, length);
    writer.u32Network(5, from);
    if (checksumAt === undefined) return;
    writer.u32Network(6, CHECKSUM_INTERNET).u32Network(7, checksumAt);
  });
}

/** `register & mask ^ toggled`. */
export function mask(
  register: Register,
  { mask, toggled = new Uint8Array(mask.length) }: { mask: Uint8Array; toggled?: Uint8Array },
): NftExpression {
  return expression("bitwise", (writer) => {
    writer.u32Network(1, register).u32Network(2, register).u32Network(3, mask.length);
    value(writer, 4, mask);
    value(writer, 5, toggled);
  });
}

/** The rule goes on only if the register has this value. */
export function expect(register: Register, wanted: Uint8Array): NftExpression {
  return expression("cmp", (writer) => {
    writer.u32Network(1, register).u32Network(2, 0);
    value(writer, 3, wanted);
  });
}

/** The rule goes on only if what stands in the registers from this one is in the set. */
export function lookup(set: string, register: Register): NftExpression {
  return expression("lookup", (writer) => writer.text(1, set).u32Network(2, register));
}

export function constant(bytes: Uint8Array, into: Register): NftExpression {
  return expression("immediate", (writer) => {
    writer.u32Network(1, into);
    value(writer, 2, bytes);
  });
}

/** No further chain of this hook and priority looks at the packet's fate in this table. */
export function accept(): NftExpression {
  return verdict(Verdict.accept);
}

export function jump(chain: string): NftExpression {
  return verdict(Verdict.jump, chain);
}

/** Sends the packet out of the interface whose index stands in the register. */
export function forward(to: Register): NftExpression {
  return expression("fwd", (writer) => writer.u32Network(1, to));
}

function verdict(code: number, chain?: string): NftExpression {
  return expression("immediate", (writer) => {
    writer.u32Network(1, VERDICT_REGISTER).nested(2, () => {
      writer.nested(DATA_VERDICT, () => {
        writer.u32Network(1, code);
        if (chain !== undefined) writer.text(2, chain);
      });
    });
  });
}

function value(writer: MessageWriter, attribute: number, bytes: Uint8Array): void {
  writer.nested(attribute, () => writer.bytes(DATA_VALUE, bytes));
}

/** A number as the kernel keeps it of a packet. */
export function machineNumber(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, number >>> 0, LITTLE_ENDIAN);
  return bytes;
}
