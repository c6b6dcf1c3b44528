/**
 * Transactions of nf_tables, the kernel's packet filter (`linux/netfilter/nf_tables.h`), that make
 * tables, chains, sets and rules, and the questions what stands. Numbers are in network byte order.
 */
import { MessageWriter, NetlinkFlag } from "./netlink.ts";
import { expression, type NftExpression } from "./nftables-expression.ts";

/** Of all tables, those that hold chains of one device, and those of IPv4 and IPv6 together. */
export const NftFamily = { inet: 1, netdev: 5 } as const;
export type NftFamily = (typeof NftFamily)[keyof typeof NftFamily];

const SUBSYSTEM = 10;
const BATCH_BEGIN = 0x10;
const BATCH_END = 0x11;
/** With the subsystem's number in the upper byte. */
export const NftType = {
  newTable: 0xa00,
  deleteTable: 0xa02,
  newChain: 0xa03,
  getChain: 0xa04,
  deleteChain: 0xa05,
  newRule: 0xa06,
  deleteRule: 0xa08,
  newSet: 0xa09,
  deleteSet: 0xa0b,
  newElement: 0xa0c,
  getElement: 0xa0d,
  deleteElement: 0xa0e,
} as const;

//  0        1         2
//  | family | version | subsystem (of a batch) | attributes
export const NFT_HEADER_LENGTH = 4;

/** In every message about a table or what is in it, the table's name. */
export const TABLE_ATTRIBUTE = 1;
export const ChainAttribute = { name: 3, hook: 4, type: 7 } as const;
const Hook = { number: 1, priority: 2, device: 3 } as const;
const Rule = { chain: 2, expressions: 4 } as const;
const SetOf = {
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  id: 10,
  expression: 17,
} as const;
export const ElementsAttribute = { set: 2, list: 3, setId: 4 } as const;
export const ElementAttribute = {
  key: 1,
  timeout: 4,
  expiration: 5,
  expression: 7,
  expressions: 11,
} as const;
const LIST_ELEMENT = 1;
const DATA_VALUE = 1;

/** The elements of a set may have an end. */
const SET_TIMEOUT = 0x10;

export interface TableName {
  readonly family: NftFamily;
  readonly table: string;
}

/** Where in the way of a packet a chain is asked. */
export interface NftHook {
  readonly number: number;
  readonly priority: number;
  /** Of a chain of the family `netdev`. */
  readonly device?: string | undefined;
}

export interface NftSet {
  readonly name: string;
  /** As `nft` shows it: the numbers of its data types, six bits each. */
  readonly keyType: number;
  readonly keyLength: number;
  /** Its elements have an end, and each counts what matches it. */
  readonly isTimed: boolean;
  /** Of this transaction. */
  readonly id: number;
}

export interface NftElement {
  readonly key: Uint8Array;
  /** How long it shall stand, in milliseconds; `undefined`: for ever. */
  readonly timeoutMs: number | undefined;
}

/** Changes that are made all together or not at all. */
export class Transaction {
  readonly #writer = new MessageWriter();

  constructor() {
    this.#frame(BATCH_BEGIN);
  }

  putTable(table: TableName): this {
    return this.#message(table, NftType.newTable, NetlinkFlag.create, () => {});
  }

  deleteTable(table: TableName): this {
    return this.#message(table, NftType.deleteTable, 0, () => {});
  }

  putChain(table: TableName, name: string, hook?: NftHook): this {
    return this.#message(table, NftType.newChain, NetlinkFlag.create, (writer) => {
      writer.text(ChainAttribute.name, name);
      if (hook === undefined) return;
      writer.text(ChainAttribute.type, "filter").nested(ChainAttribute.hook, () => {
        writer.u32Network(Hook.number, hook.number);
        writer.u32Network(Hook.priority, hook.priority);
        if (hook.device !== undefined) writer.text(Hook.device, hook.device);
      });
    });
  }

  deleteChain(table: TableName, name: string): this {
    return this.#message(table, NftType.deleteChain, 0, (writer) => {
      writer.text(ChainAttribute.name, name);
    });
  }

  /** Deletes all rules of a chain. */
  flushChain(table: TableName, chain: string): this {
    return this.#message(table, NftType.deleteRule, 0, (writer) => {
      writer.text(Rule.chain, chain);
    });
  }

  addRule(table: TableName, chain: string, expressions: readonly NftExpression[]): this {
    const flags = NetlinkFlag.create | NetlinkFlag.append;
    return this.#message(table, NftType.newRule, flags, (writer) => {
      writer.text(Rule.chain, chain).nested(Rule.expressions, () => {
        for (const write of expressions) writer.nested(LIST_ELEMENT, () => write(writer));
      });
    });
  }

  putSet(table: TableName, { name, keyType, keyLength, isTimed, id }: NftSet): this {
    return this.#message(table, NftType.newSet, NetlinkFlag.create, (writer) => {
      writer.text(SetOf.name, name);
      writer.u32Network(SetOf.flags, isTimed ? SET_TIMEOUT : 0);
      writer.u32Network(SetOf.keyType, keyType);
      writer.u32Network(SetOf.keyLength, keyLength);
      writer.u32Network(SetOf.id, id);
      if (isTimed) writer.nested(SetOf.expression, () => expression("counter", () => {})(writer));
    });
  }

  putElements(table: TableName, set: string, elements: readonly NftElement[]): this {
    return this.#elements(table, set, { elements, isNew: true });
  }

  deleteElements(table: TableName, set: string, elements: readonly NftElement[]): this {
    return this.#elements(table, set, { elements, isNew: false });
  }

  /** The bytes to be sent at once. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#frame(BATCH_END);
    return this.#writer.finish();
  }

  #elements(
    table: TableName,
    set: string,
    { elements, isNew }: { elements: readonly NftElement[]; isNew: boolean },
  ): this {
    const [kind, flags] = isNew
      ? [NftType.newElement, NetlinkFlag.create]
      : [NftType.deleteElement, 0];
    return this.#message(table, kind, flags, (writer) => {
      writer.text(ElementsAttribute.set, set).nested(ElementsAttribute.list, () => {
        for (const { key, timeoutMs } of elements) {
          writeKey(writer, key, () => {
            if (isNew && timeoutMs !== undefined)
              writer.u64Network(ElementAttribute.timeout, timeoutMs);
          });
        }
      });
    });
  }

  #message(
    { family, table }: TableName,
    message: number,
    flags: number,
    write: (writer: MessageWriter) => void,
  ): this {
    begin(this.#writer, { message, flags: NetlinkFlag.request | flags, family });
    this.#writer.text(TABLE_ATTRIBUTE, table);
    write(this.#writer);
    this.#writer.end();
    return this;
  }

  #frame(message: number): void {
    this.#writer
      .begin(message, NetlinkFlag.request)
      .fixed(NFT_HEADER_LENGTH, (view, offset) => view.setUint16(offset + 2, SUBSYSTEM))
      .end();
  }
}

function begin(
  writer: MessageWriter,
  { message, flags, family }: { message: number; flags: number; family: number },
): void {
  writer
    .begin(message, flags)
    .fixed(NFT_HEADER_LENGTH, (view, offset) => view.setUint8(offset, family));
}

/** Asks for the names of all chains of a family. */
export function chainDump(family: NftFamily): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  begin(writer, { message: NftType.getChain, flags: DUMP, family });
  writer.end();
  return writer.finish();
}

const DUMP = NetlinkFlag.request | NetlinkFlag.dump;

/** Asks for all that stands in a set. */
export function elementDump({ family, table }: TableName, set: string): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  begin(writer, { message: NftType.getElement, flags: DUMP, family });
  writer.text(TABLE_ATTRIBUTE, table).text(ElementsAttribute.set, set).end();
  return writer.finish();
}

/** Asks for some of what stands in a set, by their keys; there is no answer but an error if one is missing. */
export function elementQuestion(
  { family, table }: TableName,
  set: string,
  keys: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const writer = new MessageWriter();
  const flags = NetlinkFlag.request | NetlinkFlag.ack;
  begin(writer, { message: NftType.getElement, flags, family });
  writer.text(TABLE_ATTRIBUTE, table).text(ElementsAttribute.set, set);
  writer.nested(ElementsAttribute.list, () => {
    for (const key of keys) writeKey(writer, key, () => {});
  });
  writer.end();
  return writer.finish();
}

/** An element by its key, and what else is to be said of it. */
function writeKey(writer: MessageWriter, key: Uint8Array, more: () => void): void {
  writer.nested(LIST_ELEMENT, () => {
    writer.nested(ElementAttribute.key, () => writer.bytes(DATA_VALUE, key));
    more();
  });
}
