/**
 * Which frames a packet socket hears. Classic BPF, run by the kernel for every frame that comes in, so
 * that data costs nothing here: a frame of TCP over IPv4 is through after six instructions.
 *
 * The kernel takes off one VLAN tag before, so that a tagged frame looks like an untagged one here;
 * one with two does not pass.
 */
import { Verdict } from "../wire/netlink-filter.ts";
import type { BpfInstruction } from "./socket.ts";

const LOAD_WORD = 0x20;
const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
/** Relative to X. */
const LOAD_HALF_BEHIND = 0x48;
/** X becomes the length of the IPv4 header at this place. */
const LOAD_X_IPV4_LENGTH = 0xb1;
/** X becomes what was loaded last. */
const KEEP = 0x07;
const JUMP_EQUAL = 0x15;
const JUMP_EQUAL_KEPT = 0x1d;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_GREATER = 0x25;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;

const WHOLE = 0x4_0000;

type Block = "all" | "arp" | "ipv4" | "ipv6" | "nd" | "udp6" | "accept" | "reject";
type Step =
  | readonly [code: number, operand: number]
  /** `undefined`: on with the next step. */
  | readonly [code: number, operand: number, ifTrue: Block | undefined, ifFalse: Block | undefined];

/** From port 67 to 68: what a DHCP server or relay tells a client (RFC 2131 §4.1). */
const DHCPV4: readonly Step[] = [
  [LOAD_BYTE, 23],
  [JUMP_EQUAL, 17, undefined, "reject"],
  [LOAD_HALF, 20],
  // The ports stand in the first fragment only.
  [JUMP_ANY_BIT, 0x1fff, "reject", undefined],
  [LOAD_X_IPV4_LENGTH, 14],
  [LOAD_HALF_BEHIND, 14],
  [JUMP_EQUAL, 67, undefined, "reject"],
  [LOAD_HALF_BEHIND, 16],
  [JUMP_EQUAL, 68, "accept", "reject"],
];
/** From port 547 to 546 (RFC 8415 §7.2). */
const DHCPV6: readonly Step[] = [
  [LOAD_HALF, 54],
  [JUMP_EQUAL, 547, undefined, "reject"],
  [LOAD_HALF, 56],
  [JUMP_EQUAL, 546, "accept", "reject"],
];
const END: readonly (readonly [Block, readonly Step[]])[] = [
  ["accept", [[RETURN, WHOLE]]],
  ["reject", [[RETURN, 0]]],
];

/**
 * Those in which a host says where it is: ARP, RARP, and of ICMPv6 router solicitation and
 * advertisement, neighbour solicitation and advertisement (133 to 136); and the DHCP servers' answers.
 */
export const HOST_SIGNS: readonly BpfInstruction[] = assemble([
  [
    "arp",
    [
      [LOAD_HALF, 12],
      [JUMP_EQUAL, 0x0800, "ipv4", undefined],
      [JUMP_EQUAL, 0x86dd, "ipv6", undefined],
      [JUMP_EQUAL, 0x0806, "accept", undefined],
      [JUMP_EQUAL, 0x8035, "accept", "reject"],
    ],
  ],
  ["ipv4", DHCPV4],
  [
    "ipv6",
    [
      [LOAD_BYTE, 20],
      [JUMP_EQUAL, 17, "udp6", undefined],
      [JUMP_EQUAL, 58, "nd", "reject"],
    ],
  ],
  [
    "nd",
    [
      [LOAD_BYTE, 54],
      [JUMP_GREATER_EQUAL, 133, undefined, "reject"],
      [JUMP_GREATER, 136, "reject", "accept"],
    ],
  ],
  ["udp6", DHCPV6],
  ...END,
]);

/** Out of the tunnel: the DHCP servers' answers, and router advertisements (134). */
export const TUNNEL_NEWS: readonly BpfInstruction[] = assemble([
  [
    "ipv6",
    [
      [LOAD_HALF, 12],
      [JUMP_EQUAL, 0x0800, "ipv4", undefined],
      [JUMP_EQUAL, 0x86dd, undefined, "reject"],
      [LOAD_BYTE, 20],
      [JUMP_EQUAL, 17, "udp6", undefined],
      [JUMP_EQUAL, 58, undefined, "reject"],
      [LOAD_BYTE, 54],
      [JUMP_EQUAL, 134, "accept", "reject"],
    ],
  ],
  ["ipv4", DHCPV4],
  ["udp6", DHCPV6],
  ...END,
]);

/**
 * Of what goes out into the tunnel, requests to all (ARP) and to the solicited nodes (ND): what is not an
 * announcement. Answers with a verdict, not with a length.
 */
export const ARP_AND_ND_REQUESTS: readonly BpfInstruction[] = assemble([
  [
    "all",
    [
      [LOAD_BYTE, 0],
      [JUMP_ANY_BIT, 0x01, undefined, "reject"],
      [LOAD_HALF, 12],
      [JUMP_EQUAL, 0x0806, "arp", undefined],
      [JUMP_EQUAL, 0x86dd, "nd", "reject"],
    ],
  ],
  [
    "arp",
    [
      [LOAD_HALF, 20],
      [JUMP_EQUAL, 1, undefined, "reject"],
      [LOAD_WORD, 28],
      [KEEP, 0],
      [LOAD_WORD, 38],
      [JUMP_EQUAL_KEPT, 0, "reject", "accept"],
    ],
  ],
  [
    "nd",
    [
      [LOAD_BYTE, 20],
      [JUMP_EQUAL, 58, undefined, "reject"],
      [LOAD_BYTE, 54],
      [JUMP_EQUAL, 135, "accept", "reject"],
    ],
  ],
  ["accept", [[RETURN, Verdict.drop]]],
  ["reject", [[RETURN, Verdict.pass]]],
]);

/** Jumps to names become jumps over so many instructions, always forward. */
function assemble(
  blocks: readonly (readonly [Block, readonly Step[]])[],
): readonly BpfInstruction[] {
  const starts = new Map<Block, number>();
  let length = 0;
  for (const [name, steps] of blocks) {
    starts.set(name, length);
    length += steps.length;
  }
  const steps = blocks.flatMap(([, each]) => each);
  return steps.map(([code, operand, ifTrue, ifFalse], i) => {
    const over = (block: Block | undefined): number =>
      block === undefined ? 0 : (starts.get(block) ?? 0) - i - 1;
    return [code, over(ifTrue), over(ifFalse), operand];
  });
}
