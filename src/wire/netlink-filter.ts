/**
 * A filter on what goes out by a device, as rtnetlink is told of it (`linux/pkt_sched.h`,
 * `linux/pkt_cls.h`): a classic BPF program in the egress hook of a `clsact` qdisc.
 */
import { LITTLE_ENDIAN, type MessageWriter, NetlinkFlag } from "./netlink.ts";

const TYPE = { newQdisc: 36, newFilter: 44, deleteFilter: 45 } as const;
/** The handle of `clsact`, and where it hangs: `TC_H_CLSACT`. */
const CLSACT_HANDLE = 0xffff_0000;
const CLSACT = 0xffff_fff1;
const EGRESS = 0xffff_fff3;
const ATTRIBUTE = { kind: 1, options: 2 } as const;
const BPF = { opsLength: 4, ops: 5, flags: 8 } as const;
/** What the program returns is what becomes of the frame, and no class. */
const DIRECT_ACTION = 1;
const FIXED_LENGTH = 20;
const INSTRUCTION_LENGTH = 8;
/** ETH_P_ALL, in network byte order. */
const ALL_PROTOCOLS = LITTLE_ENDIAN ? 0x0300 : 0x0003;

/** What a program answers of a frame. */
export const Verdict = {
  /** To be gone on with by whoever is next. */
  pass: 0xffff_ffff,
  drop: 2,
} as const;

export interface EgressFilter {
  readonly ifindex: number;
  /** By which it is known; a lower one is asked before. */
  readonly priority: number;
}

/** Two requests: the first fails with EEXIST where somebody filters there already. */
export function writePutFilter(
  writer: MessageWriter,
  { ifindex, priority, program }: EgressFilter & { readonly program: Uint8Array },
): void {
  const { create, exclusive } = NetlinkFlag;
  begin(writer, { type: TYPE.newQdisc, flags: create | exclusive }, [
    ifindex,
    CLSACT_HANDLE,
    CLSACT,
    0,
  ]);
  writer.text(ATTRIBUTE.kind, "clsact").end();
  begin(writer, { type: TYPE.newFilter, flags: create }, filterAt(ifindex, priority, 1));
  writer.text(ATTRIBUTE.kind, "bpf");
  writer.nested(ATTRIBUTE.options, () => {
    writer.u16(BPF.opsLength, program.length / INSTRUCTION_LENGTH);
    writer.bytes(BPF.ops, program).u32(BPF.flags, DIRECT_ACTION);
  });
  writer.end();
}

export function writeDeleteFilter(
  writer: MessageWriter,
  { ifindex, priority }: EgressFilter,
): void {
  begin(writer, { type: TYPE.deleteFilter, flags: 0 }, filterAt(ifindex, priority, 0));
  writer.end();
}

type Fixed = readonly [ifindex: number, handle: number, parent: number, info: number];

function filterAt(ifindex: number, priority: number, handle: number): Fixed {
  return [ifindex, handle, EGRESS, ((priority << 16) | ALL_PROTOCOLS) >>> 0];
}

//  0        1     4         8        12       16     20
//  | family | pad | ifindex | handle | parent | info | attributes
function begin(
  writer: MessageWriter,
  { type, flags }: { type: number; flags: number },
  [ifindex, handle, parent, info]: Fixed,
): void {
  writer.begin(type, NetlinkFlag.request | flags).fixed(FIXED_LENGTH, (view, offset) => {
    view.setInt32(offset + 4, ifindex, LITTLE_ENDIAN);
    view.setUint32(offset + 8, handle, LITTLE_ENDIAN);
    view.setUint32(offset + 12, parent, LITTLE_ENDIAN);
    view.setUint32(offset + 16, info, LITTLE_ENDIAN);
  });
}
