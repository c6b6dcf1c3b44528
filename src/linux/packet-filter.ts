/**
 * Which frames a port's packet socket hears: those in which a host says where it is. Classic BPF,
 * run by the kernel for every frame that comes in, so that data costs nothing here.
 */
import type { BpfInstruction } from "./socket.ts";

const LOAD_HALF = 0x28;
const LOAD_BYTE = 0x30;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_GREATER = 0x25;
const RETURN = 0x06;

const WHOLE = 0x4_0000;

/**
 * ARP, RARP, and of ICMPv6 router solicitation and advertisement, neighbour solicitation and
 * advertisement (133 to 136). The kernel takes off one VLAN tag before, so that a tagged frame looks
 * like an untagged one here; one with two does not pass.
 */
export const HOST_SIGNS: readonly BpfInstruction[] = [
  [LOAD_HALF, 0, 0, 12],
  [JUMP_EQUAL, 7, 0, 0x0806],
  [JUMP_EQUAL, 6, 0, 0x8035],
  [JUMP_EQUAL, 0, 6, 0x86dd],
  [LOAD_BYTE, 0, 0, 20],
  [JUMP_EQUAL, 0, 4, 58],
  [LOAD_BYTE, 0, 0, 54],
  [JUMP_GREATER_EQUAL, 0, 2, 133],
  [JUMP_GREATER, 1, 0, 136],
  [RETURN, 0, 0, WHOLE],
  [RETURN, 0, 0, 0],
];
