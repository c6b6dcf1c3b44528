/**
 * Hears, on every port that hosts may be behind, the frames in which a host says where it is and
 * which addresses it holds (ARP, RARP, ND), and sends frames out by such a port.
 *
 * A socket is bound to an interface, not to its name or state: it lives through the port going down
 * and up, and is closed when the port is gone or has left its bridge.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";
import { err, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Observation } from "../mobility/observation.ts";
import { sight } from "../wire/sighting.ts";
import { check, errnoName, LinuxError } from "./linux-error.ts";
import { type DatagramSocket, META_PER_DATAGRAM, Meta } from "./native.ts";
import type { LinuxNotice, PacketIgnored } from "./notice.ts";
import { HOST_SIGNS } from "./packet-filter.ts";
import type { Port } from "./segments.ts";
import { enlargeReceiveBuffer, listenOnInterface, openPacketSocket } from "./socket.ts";

const SLOTS = 64;
/** More than an Ethernet frame; of a longer one, what we read stands at its beginning. */
const SLOT_SIZE = 2048;
/** A few thousand frames: a burst of hosts coming up at once. */
const RECEIVE_BUFFER = 4 << 20;
/** Batches of one port before the others get their turn. */
const MAX_BATCHES = 2;
const PACKET_OUTGOING = 4;
const TP_STATUS_VLAN_VALID = 0x10;
const VLAN_ID = 0xfff;

export interface PacketCounts {
  /** Frames heard, whether they said something or not. */
  readonly frames: number;
  readonly ignored: ReadonlyMap<PacketIgnored, number>;
}

export interface PacketListener {
  readonly news: (observation: Observation) => void;
  readonly tell: (notice: LinuxNotice) => void;
  /** Whether the leaf itself has this address in this MAC-VRF. */
  readonly isOwn: (vni: Vni, mac: MacAddress) => boolean;
}

class Tap {
  readonly vni: Vni;
  readonly socket: DatagramSocket;
  port: PortName;
  frames = 0;
  readonly ignored: Map<PacketIgnored, number> = new Map();

  constructor(vni: Vni, port: PortName, socket: DatagramSocket) {
    this.vni = vni;
    this.port = port;
    this.socket = socket;
  }
}

export class PacketSource implements Disposable {
  readonly #listener: PacketListener;
  /** One for all ports: what is in it has been read when the next port gets its turn. */
  readonly #slab: Uint8Array = new Uint8Array(SLOTS * SLOT_SIZE);
  readonly #meta: Int32Array = new Int32Array(SLOTS * META_PER_DATAGRAM);
  /** By ifindex. */
  readonly #taps = new Map<number, Tap>();

  constructor(listener: PacketListener) {
    this.#listener = listener;
  }

  [Symbol.dispose](): void {
    for (const tap of this.#taps.values()) tap.socket.close();
    this.#taps.clear();
  }

  open(vni: Vni, { ifindex, name }: Port): void {
    if (this.#taps.has(ifindex)) return;
    let socket: DatagramSocket | undefined;
    try {
      socket = openPacketSocket();
      const tap = new Tap(vni, name, socket);
      enlargeReceiveBuffer(socket, RECEIVE_BUFFER);
      listenOnInterface(socket, { ifindex, filter: HOST_SIGNS });
      // An error here is the port going down, or having lost frames: the next frame comes anyway.
      const received = (count: number): void => this.#received(tap, count);
      const started = socket.start(this.#slab, SLOT_SIZE, this.#meta, received, MAX_BATCHES);
      check(`Cannot listen on ${name}`, started);
      this.#taps.set(ifindex, tap);
    } catch (error) {
      socket?.close();
      if (!(error instanceof LinuxError)) throw error;
      // Gone before we came to it: the link table will say so. Else somebody has to know.
      this.#listener.tell({ kind: "port-deaf", vni, port: name, reason: error.message });
    }
  }

  rename({ ifindex, name }: Port): void {
    const tap = this.#taps.get(ifindex);
    if (tap !== undefined) tap.port = name;
  }

  close(ifindex: number): void {
    this.#taps.get(ifindex)?.socket.close();
    this.#taps.delete(ifindex);
  }

  counts(ifindex: number): PacketCounts {
    const tap = this.#taps.get(ifindex);
    return { frames: tap?.frames ?? 0, ignored: tap?.ignored ?? new Map() };
  }

  /** Sends a frame out by a port, to what is behind it and not into the bridge. */
  send(ifindex: number, frame: Uint8Array): Result<undefined> {
    const tap = this.#taps.get(ifindex);
    if (tap === undefined) return err(`Cannot send on interface ${ifindex}: it is no port of ours`);
    const sent = tap.socket.send(frame);
    return sent < 0
      ? err(`Cannot send on ${tap.port}: ${errnoName(-sent)}`)
      : { ok: true, value: undefined };
  }

  #received(tap: Tap, count: number): void {
    for (let i = 0; i < count; i++) {
      const at = i * META_PER_DATAGRAM;
      if (this.#meta[at + Meta.packetType] === PACKET_OUTGOING) continue;
      tap.frames++;
      const length = Math.min(this.#meta[at + Meta.length] ?? 0, SLOT_SIZE);
      const tagged = ((this.#meta[at + Meta.status] ?? 0) & TP_STATUS_VLAN_VALID) !== 0;
      const vlan = tagged ? (this.#meta[at + Meta.vlanTag] ?? 0) & VLAN_ID : 0;
      this.#frame(tap, this.#slab.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length), vlan);
    }
  }

  #frame(tap: Tap, frame: Uint8Array, vlan: number): void {
    const sighting = sight(frame);
    if (!sighting.ok) {
      this.#ignore(tap, sighting.error);
      return;
    }
    const { mac, ip, signal } = sighting.value;
    if (this.#listener.isOwn(tap.vni, mac)) {
      this.#ignore(tap, "own-mac");
      return;
    }
    this.#listener.news({
      kind: "seen",
      vni: tap.vni,
      port: tap.port,
      mac,
      // A bridge that knows no VLANs forwards a tagged frame like any other, so the host is here.
      // Its IP is one of another network, in which we must not answer for it.
      ip: vlan === 0 ? ip : undefined,
      signal,
    });
  }

  #ignore(tap: Tap, reason: PacketIgnored): void {
    tap.ignored.set(reason, (tap.ignored.get(reason) ?? 0) + 1);
    this.#listener.tell({ kind: "frame-ignored", vni: tap.vni, port: tap.port, reason });
  }
}
