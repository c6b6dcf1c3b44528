/**
 * Hears, on every port that hosts may be behind, the frames in which a host says where it is and
 * which addresses it holds (ARP, RARP, ND), and sends frames out by such a port. What DHCP servers
 * tell their clients is heard where it comes in: on those ports, and on the VXLAN device for servers
 * at other leaves.
 *
 * A socket is bound to an interface, not to its name or state: it lives through the port going down
 * and up, and is closed when the port is gone or has left its bridge.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { type PortName, portName } from "../evpn/port.ts";
import { err, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Observation } from "../mobility/observation.ts";
import { carriesUdp, leasesIn } from "../wire/dhcp.ts";
import { sight } from "../wire/sighting.ts";
import { check, errnoName, LinuxError } from "./linux-error.ts";
import { type DatagramSocket, META_PER_DATAGRAM, Meta } from "./native.ts";
import type { LinuxNotice, PacketIgnored } from "./notice.ts";
import { HOST_SIGNS, TUNNEL_NEWS } from "./packet-filter.ts";
import type { PictureChange } from "./picture.ts";
import type { Place, Port } from "./segments.ts";
import {
  type BpfInstruction,
  enlargeReceiveBuffer,
  listenOnInterface,
  openPacketSocket,
} from "./socket.ts";
import { TokenBucket } from "./token-bucket.ts";

const SLOTS = 64;
/** More than an Ethernet frame; of a longer one, what we read stands at its beginning. */
const SLOT_SIZE = 2048;
/** A few thousand frames: a burst of hosts coming up at once. */
const RECEIVE_BUFFER = 4 << 20;
/** Batches of one port before the others get their turn. */
const MAX_BATCHES = 2;
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

export interface PacketSettings {
  /** Of one port; what comes beyond is counted, and not looked at. */
  readonly framesPerSecond: number;
  /** Milliseconds, which never go back. */
  readonly now: () => number;
}

/** Where a socket is to listen. */
interface Ear {
  readonly vni: Vni;
  readonly ifindex: number;
  readonly port: PortName;
  readonly filter: readonly BpfInstruction[];
}

class Tap {
  readonly vni: Vni;
  readonly socket: DatagramSocket;
  readonly bucket: TokenBucket;
  readonly isTunnel: boolean;
  port: PortName;
  frames = 0;
  /** More frames have come than are looked at, and it has not been quiet since. */
  isFlooded = false;
  readonly ignored: Map<PacketIgnored, number> = new Map();

  constructor({ vni, port, filter }: Ear, socket: DatagramSocket, bucket: TokenBucket) {
    this.vni = vni;
    this.isTunnel = filter === TUNNEL_NEWS;
    this.port = port;
    this.socket = socket;
    this.bucket = bucket;
  }
}

export class PacketSource implements Disposable {
  readonly #listener: PacketListener;
  readonly #settings: PacketSettings;
  /** One for all ports: what is in it has been read when the next port gets its turn. */
  readonly #slab: Uint8Array = new Uint8Array(SLOTS * SLOT_SIZE);
  readonly #meta: Int32Array = new Int32Array(SLOTS * META_PER_DATAGRAM);
  /** By ifindex. */
  readonly #taps = new Map<number, Tap>();
  /** Everything else has told its start: sockets may be opened. */
  #isListening = false;

  constructor(listener: PacketListener, settings: PacketSettings) {
    this.#listener = listener;
    this.#settings = settings;
  }

  [Symbol.dispose](): void {
    for (const tap of this.#taps.values()) tap.socket.close();
    this.#taps.clear();
  }

  /** From now on listens: in these places, and wherever `follow` says. */
  listen(places: Iterable<Place>): void {
    this.#isListening = true;
    for (const place of places) {
      this.#openTunnel(place);
      for (const port of place.ports.values()) this.#openPort(place.segment.vni, port);
    }
  }

  /** Opens and closes sockets as places and ports come and go. */
  follow(change: PictureChange): void {
    switch (change.kind) {
      case "port-lost":
        this.#close(change.port.ifindex);
        return;
      case "port-found":
        if (this.#isListening) this.#openPort(change.vni, change.port);
        return;
      case "port-changed": {
        const tap = this.#taps.get(change.port.ifindex);
        if (tap !== undefined) tap.port = change.port.name;
        return;
      }
      case "place-found":
        if (this.#isListening) this.#openTunnel(change.place);
        return;
      case "place-lost":
        this.#close(change.place.vxlanIndex);
        return;
      case "noticed":
        return;
    }
  }

  #openPort(vni: Vni, { ifindex, name }: Port): void {
    this.#open({ vni, ifindex, port: name, filter: HOST_SIGNS });
  }

  /** No host is behind it for us: where its hosts are, BGP says. */
  #openTunnel({ segment: { vni, vxlan }, vxlanIndex }: Place): void {
    this.#open({ vni, ifindex: vxlanIndex, port: portName(vxlan), filter: TUNNEL_NEWS });
  }

  #open(ear: Ear): void {
    const { vni, ifindex, port, filter } = ear;
    if (this.#taps.has(ifindex)) return;
    const { framesPerSecond, now } = this.#settings;
    let socket: DatagramSocket | undefined;
    try {
      socket = openPacketSocket();
      const tap = new Tap(ear, socket, new TokenBucket(framesPerSecond, now()));
      enlargeReceiveBuffer(socket, RECEIVE_BUFFER);
      listenOnInterface(socket, { ifindex, filter });
      // An error here is the port going down, or having lost frames: the next frame comes anyway.
      const received = (count: number): void => this.#received(tap, count);
      const started = socket.start(this.#slab, SLOT_SIZE, this.#meta, received, MAX_BATCHES);
      check(`Cannot listen on ${port}`, started);
      this.#taps.set(ifindex, tap);
    } catch (error) {
      socket?.close();
      if (!(error instanceof LinuxError)) throw error;
      // Gone before we came to it: the link table will say so. Else somebody has to know.
      this.#listener.tell({ kind: "port-deaf", vni, port, reason: error.message });
    }
  }

  #close(ifindex: number): void {
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
    tap.frames += count;
    const allowed = this.#allow(tap, count);
    for (let i = 0; i < allowed; i++) {
      const at = i * META_PER_DATAGRAM;
      const length = Math.min(this.#meta[at + Meta.length] ?? 0, SLOT_SIZE);
      const tagged = ((this.#meta[at + Meta.status] ?? 0) & TP_STATUS_VLAN_VALID) !== 0;
      const vlan = tagged ? (this.#meta[at + Meta.vlanTag] ?? 0) & VLAN_ID : 0;
      const frame = this.#slab.subarray(i * SLOT_SIZE, i * SLOT_SIZE + length);
      if (carriesUdp(frame)) this.#answer(tap, frame, vlan);
      else if (tap.isTunnel) this.#router(tap, frame, vlan);
      else this.#frame(tap, frame, vlan);
    }
  }

  /** How many of so many frames are looked at: one port must not keep us from the others. */
  #allow(tap: Tap, count: number): number {
    if (count <= 0) return 0;
    const { framesPerSecond, now } = this.#settings;
    const at = now();
    if (tap.isFlooded && tap.bucket.isFullAt(at)) tap.isFlooded = false;
    const allowed = tap.bucket.take(count, at);
    const frames = count - allowed;
    if (frames === 0) return count;
    const { vni, port, ignored } = tap;
    ignored.set("rate", (ignored.get("rate") ?? 0) + frames);
    if (!tap.isFlooded) {
      tap.isFlooded = true;
      this.#listener.tell({ kind: "port-flooded", vni, port, framesPerSecond });
    }
    this.#listener.tell({ kind: "frames-over-limit", vni, port, frames });
    return allowed;
  }

  /** What a DHCP server tells a client; which port the client is behind, others know. */
  #answer(tap: Tap, frame: Uint8Array, vlan: number): void {
    const leases = leasesIn(frame);
    if (!leases.ok) this.#ignore(tap, leases.error);
    else if (vlan !== 0) this.#ignore(tap, "dhcp-other-vlan");
    else {
      for (const lease of leases.value) {
        this.#listener.news({ kind: "leased", vni: tap.vni, ...lease });
      }
    }
  }

  #frame(tap: Tap, frame: Uint8Array, vlan: number): void {
    const sighting = sight(frame);
    if (!sighting.ok) {
      this.#ignore(tap, sighting.error);
      return;
    }
    const { mac, ip, probed, ...rest } = sighting.value;
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
      ...(vlan === 0 && probed !== undefined ? { probed } : {}),
      ...rest,
    });
  }

  /** Out of the tunnel: where its host is, BGP says. */
  #router(tap: Tap, frame: Uint8Array, vlan: number): void {
    const sighting = sight(frame);
    if (!sighting.ok) {
      this.#ignore(tap, sighting.error);
      return;
    }
    const { mac } = sighting.value;
    const { vni } = tap;
    if (this.#listener.isOwn(vni, mac)) this.#ignore(tap, "own-mac");
    else if (vlan === 0) this.#listener.news({ kind: "router-heard", vni, mac });
  }

  #ignore(tap: Tap, reason: PacketIgnored): void {
    tap.ignored.set(reason, (tap.ignored.get(reason) ?? 0) + 1);
    this.#listener.tell({ kind: "frame-ignored", vni: tap.vni, port: tap.port, reason });
  }
}
