/** The hosts of the benches: as many as one likes, by number. A MAC is a number wherever speed counts. */
import { type IpAddress, ipv4FromBytes } from "../../src/evpn/ip.ts";
import { type MacAddress, macFromBytes } from "../../src/evpn/mac.ts";

export const VNI = 10;
export const ASN = 65000;
/** That of the lab's virtual machine, which is host 0. */
const FIRST_MAC = 0x0200_0000_0100;
const FIRST_IP = 0x0a40_0000;
/** Up to 10.127.255.255. */
const HOSTS_MAX = 1 << 22;

/** The lab's virtual machine. */
export const GUEST: Crowd = { first: 0, count: 1 };

export function macNumber(host: number): number {
  return FIRST_MAC + host;
}

/** Which host has this MAC; below zero: none. */
export function hostOf(mac: number): number {
  return mac - FIRST_MAC;
}

/** Below zero: none; the kernel has neighbours of its own, 224.0.0.22 for one. */
export function hostOfIp(ip: number): number {
  return ip < FIRST_IP + HOSTS_MAX ? ip - FIRST_IP : -1;
}

export function numberAt(bytes: Uint8Array, offset: number): number {
  let number = 0;
  for (let i = 0; i < 6; i++) number = number * 256 + (bytes[offset + i] ?? 0);
  return number;
}

export function macBytes(host: number): Uint8Array {
  const bytes = new Uint8Array(6);
  let rest = macNumber(host);
  for (let i = 5; i >= 0; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** 10.64.0.0 and on. */
export function ipBytes(host: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, FIRST_IP + host);
  return bytes;
}

export function macOf(host: number): MacAddress {
  return macFromBytes(macBytes(host));
}

export function ipOf(host: number): IpAddress {
  return ipv4FromBytes(ipBytes(host));
}

/** By which the host says where it is: an ARP request for its own address. */
export function gratuitousArp(host: number): Uint8Array {
  const frame = new Uint8Array(60);
  frame.fill(0xff, 0, 6);
  frame.set(macBytes(host), 6);
  frame.set([0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1], 12);
  frame.set(macBytes(host), 22);
  frame.set(ipBytes(host), 28);
  frame.set(ipBytes(host), 38);
  return frame;
}

/** By which the host asks another for its MAC, which it knows: as a kernel does now and then (RFC 1122 §2.3.2.1). */
export function arpRequest(host: number, other: number): Uint8Array {
  const frame = gratuitousArp(host);
  frame.set(macBytes(other));
  frame.set(ipBytes(other), 38);
  return frame;
}

/** Hosts one after the other. */
export interface Crowd {
  readonly first: number;
  readonly count: number;
}

export function isOf({ first, count }: Crowd, host: number): boolean {
  return host >= first && host < first + count;
}
