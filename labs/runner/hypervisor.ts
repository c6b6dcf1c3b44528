/**
 * The hypervisor of the lab's virtual machine: plugs it into another leaf, and sends frames in its
 * name. Runs in the node `vm`; that node's start script has laid the wires (`node.sh`).
 *
 * Done over netlink rather than by `bridge(8)`, so that between the last frame at the old leaf and
 * the first at the new one lie microseconds, and not the start of a process.
 */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type DatagramSocket, openSocket } from "../../src/linux/native.ts";
import { poll } from "./poll.ts";
import { type Guest, ip, mac } from "./signals.ts";

const AF_NETLINK = 16;
const AF_PACKET = 17;
const SOCK_RAW = 3;
const NETLINK_ROUTE = 0;

const RTM_SETLINK = 19;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const AF_BRIDGE = 7;
const IFLA_PROTINFO_NESTED = 12 | 0x8000;
const IFLA_BRPORT_UNICAST_FLOOD = 9;
const IFLA_BRPORT_MCAST_FLOOD = 27;
const IFLA_BRPORT_BCAST_FLOOD = 30;
const IFLA_BRPORT_LOCKED = 39;
const IFLA_BRPORT_LENGTH = 8;
const IFF_UP = 1;

const NIC = "vm0";

export class Hypervisor {
  readonly guest: Guest = readGuest();
  readonly #netlink: DatagramSocket = openSocket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  readonly #nic: DatagramSocket = openPacketSocket(NIC);
  readonly #legs: readonly string[];
  readonly #unplugged = new Set<string>();

  constructor(legs: readonly string[]) {
    this.#legs = legs;
  }

  /** From now on the guest is at this leg and at no other. */
  plug(leg: string): void {
    for (const other of this.#legs) if (other !== leg) this.#let(other, false);
    this.#let(leg, true);
  }

  /** Takes the carrier from the leg: the leaf sees its port go down. */
  unplug(leg: string): void {
    this.#unplugged.add(leg);
    this.#setLink(leg, { family: 0, up: false, attributes: new Uint8Array(0) });
  }

  /** Gives the carrier back, and waits until frames get through. */
  async mend(leg: string): Promise<void> {
    if (!this.#unplugged.delete(leg)) return;
    this.#setLink(leg, { family: 0, up: true, attributes: new Uint8Array(0) });
    const state = `/sys/class/net/${leg}/operstate`;
    await poll(`${leg} to be up`, () => readFileSync(state, "utf8").trim() === "up");
  }

  send(frame: Uint8Array): void {
    const sent = this.#nic.send(frame);
    if (sent < 0) throw new Error(`Cannot send a frame: error ${-sent}`);
  }

  /** Flooding off keeps frames from leaving, and `locked` those of unknown stations from entering. */
  #let(leg: string, through: boolean): void {
    const on = through ? 1 : 0;
    const options: readonly (readonly [number, number])[] = [
      [IFLA_BRPORT_UNICAST_FLOOD, on],
      [IFLA_BRPORT_MCAST_FLOOD, on],
      [IFLA_BRPORT_BCAST_FLOOD, on],
      [IFLA_BRPORT_LOCKED, 1 - on],
    ];
    const attributes = new Uint8Array(4 + options.length * IFLA_BRPORT_LENGTH);
    const view = new DataView(attributes.buffer);
    view.setUint16(0, attributes.length, true);
    view.setUint16(2, IFLA_PROTINFO_NESTED, true);
    for (const [index, [type, value]] of options.entries()) {
      const at = 4 + index * IFLA_BRPORT_LENGTH;
      view.setUint16(at, 5, true);
      view.setUint16(at + 2, type, true);
      view.setUint8(at + 4, value);
    }
    this.#setLink(leg, { family: AF_BRIDGE, up: undefined, attributes });
  }

  #setLink(
    name: string,
    how: {
      readonly family: number;
      readonly up: boolean | undefined;
      readonly attributes: Uint8Array;
    },
  ): void {
    const message = new Uint8Array(32 + how.attributes.length);
    const view = new DataView(message.buffer);
    view.setUint32(0, message.length, true);
    view.setUint16(4, RTM_SETLINK, true);
    view.setUint16(6, NLM_F_REQUEST | NLM_F_ACK, true);
    view.setUint8(16, how.family);
    view.setInt32(20, indexOf(name), true);
    if (how.up !== undefined) {
      view.setUint32(24, how.up ? IFF_UP : 0, true);
      view.setUint32(28, IFF_UP, true);
    }
    message.set(how.attributes, 32);
    this.#netlink.send(message);
    // The kernel has done it, and answered, before `send` returns.
    const answer = new Uint8Array(4096);
    this.#netlink.recv(answer);
    const error = new DataView(answer.buffer).getInt32(16, true);
    if (error !== 0) throw new Error(`Cannot change ${name}: error ${-error}`);
  }
}

/** To send frames on a port as they are. */
export function openPacketSocket(name: string): DatagramSocket {
  const socket = openSocket(AF_PACKET, SOCK_RAW, 0);
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setInt32(4, indexOf(name), true);
  const bound = socket.bind(address);
  if (bound < 0) throw new Error(`Cannot send on ${name}: error ${-bound}`);
  return socket;
}

const indices = new Map<string, number>();
function indexOf(name: string): number {
  const known = indices.get(name);
  if (known !== undefined) return known;
  const index = Number(readFileSync(`/sys/class/net/${name}/ifindex`, "utf8"));
  indices.set(name, index);
  return index;
}

function readGuest(): Guest {
  const addresses = networkInterfaces()[NIC] ?? [];
  const ipv4 = addresses.find((each) => each.family === "IPv4");
  const ipv6 = addresses.find(
    (each) => each.family === "IPv6" && !each.address.startsWith("fe80:"),
  );
  if (ipv4 === undefined || ipv6 === undefined) throw new Error(`Cannot find a guest at ${NIC}`);
  return { mac: mac(ipv4.mac), ipv4: ip(ipv4.address), ipv6: ip(ipv6.address) };
}
