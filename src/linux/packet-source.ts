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
import { portName } from "../evpn/port.ts";
import { err, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { Observation } from "../mobility/observation.ts";
import { carriesUdp, leasesIn } from "../wire/dhcp.ts";
import { tagged } from "../wire/ethernet.ts";
import { sight } from "../wire/sighting.ts";
import { Frames, SLOTS } from "./frames.ts";
import { check, errnoName, LinuxError } from "./linux-error.ts";
import type { DatagramSocket } from "./native.ts";
import type { LinuxNotice, PacketIgnored } from "./notice.ts";
import { HOST_SIGNS, TUNNEL_NEWS } from "./packet-filter.ts";
import type { PictureChange } from "./picture.ts";
import type { Place, Port, Way } from "./segments.ts";
import { enlargeReceiveBuffer, listenOnInterface, openPacketSocket } from "./socket.ts";
import { type Ear, type PacketCounts, type Site, Tap } from "./tap.ts";
import { TokenBucket } from "./token-bucket.ts";
import { Unseen } from "./unseen.ts";

/** Some 20,000 frames as the kernel counts, taken only as they wait: of 300,000 a second a busy moment. */
const RECEIVE_BUFFER = 8 << 20;
/** Batches of one port before the others get their turn. */
const MAX_BATCHES = 2;
/** Long enough that to tell costs nothing, or is no nuisance; short enough for people. */
const TOGETHER_MS = { rate: 50, lost: 1000 };

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

export class PacketSource implements Disposable {
  readonly #listener: PacketListener;
  readonly #settings: PacketSettings;
  readonly #frames = new Frames();
  /** By ifindex. */
  readonly #taps = new Map<number, Tap>();
  /** Everything else has told its start: sockets may be opened. */
  #isListening = false;
  /** Something is in the slab that has not been told. */
  #isTelling = false;

  constructor(listener: PacketListener, settings: PacketSettings) {
    this.#listener = listener;
    this.#settings = settings;
  }

  [Symbol.dispose](): void {
    for (const tap of this.#taps.values()) tap[Symbol.dispose]();
    this.#taps.clear();
  }

  /** From now on listens: in these places, and wherever `follow` says. */
  listen(places: Iterable<Place>): void {
    this.#isListening = true;
    for (const place of places) {
      this.#openTunnel(place);
      for (const port of place.ports.values()) this.#openPort(place, port);
    }
  }

  /** Opens and closes sockets as places and ports come and go. */
  follow(change: PictureChange): void {
    switch (change.kind) {
      case "port-lost":
        this.#close(change.port.ifindex, change.vni);
        return;
      case "port-found":
      case "port-changed":
        if (this.#isListening) this.#openPort(change.place, change.port);
        return;
      case "place-found":
        if (this.#isListening) this.#openTunnel(change.place);
        return;
      case "place-lost":
        this.#close(change.place.vxlanIndex, change.place.segment.vni);
        return;
      case "neighbours-moved":
      case "noticed":
        return;
    }
  }

  /** Tells what has come by now. */
  hear(): void {
    if (this.#isTelling) return;
    for (const { socket } of this.#taps.values()) socket.receiveNow();
  }

  *sockets(): Iterable<DatagramSocket> {
    for (const { socket } of this.#taps.values()) yield socket;
  }

  #openPort({ segment, vlan }: Place, { ifindex, name, isNative }: Port): void {
    const site = { ifindex, port: name, filter: HOST_SIGNS, isTunnel: false };
    this.#open(site, { vni: segment.vni, vlan, isNative });
  }

  /**
   * No host is behind it for us: where its hosts are, BGP says. Of a device for many VNIs nobody tells
   * us which a frame is of.
   */
  #openTunnel({ segment: { vni, vxlan }, vxlanIndex, isShared }: Place): void {
    if (isShared) return;
    const [ifindex, port] = [vxlanIndex, portName(vxlan)];
    const site = { ifindex, port, filter: TUNNEL_NEWS, isTunnel: true };
    this.#open(site, { vni, vlan: 0, isNative: true });
  }

  #open(site: Site, ear: Pick<Ear, "vni" | "vlan" | "isNative">): void {
    const tap = this.#taps.get(site.ifindex) ?? this.#tap(site, ear.vni);
    if (tap === undefined) return;
    tap.port = site.port;
    tap.listenFor(ear);
  }

  #tap(site: Site, vni: Vni): Tap | undefined {
    const { ifindex, port, filter } = site;
    const { framesPerSecond, now } = this.#settings;
    let opened: Tap | undefined;
    try {
      const socket = openPacketSocket();
      const bucket = new TokenBucket(framesPerSecond, now());
      const unseen = (kind: "frames-over-limit" | "frames-lost", togetherMs: number): Unseen =>
        new Unseen(
          (frames) => this.#listener.tell({ kind, vni, port: tap.port, frames }),
          togetherMs,
        );
      const rate = unseen("frames-over-limit", TOGETHER_MS.rate);
      const noRoom = unseen("frames-lost", TOGETHER_MS.lost);
      const tap = new Tap(site, socket, { bucket, unseen: { rate, "no-room": noRoom } });
      opened = tap;
      enlargeReceiveBuffer(socket, RECEIVE_BUFFER);
      listenOnInterface(socket, { ifindex, filter });
      // An error here is the port going down, or having lost frames: the next frame comes anyway.
      const received = (count: number): void => this.#received(tap, count);
      const { slab, slotSize, meta } = this.#frames;
      check(`Cannot listen on ${port}`, socket.start(slab, slotSize, meta, received, MAX_BATCHES));
      this.#taps.set(ifindex, tap);
      return tap;
    } catch (error) {
      opened?.[Symbol.dispose]();
      if (!(error instanceof LinuxError)) throw error;
      // Gone before we came to it: the link table will say so. Else somebody has to know.
      this.#listener.tell({ kind: "port-deaf", vni, port, reason: error.message });
      return undefined;
    }
  }

  #close(ifindex: number, vni: Vni): void {
    const tap = this.#taps.get(ifindex);
    if (tap === undefined || tap.stopListeningFor(vni)) return;
    tap[Symbol.dispose]();
    this.#taps.delete(ifindex);
  }

  /** Of one MAC-VRF at one interface. */
  counts(ifindex: number, vni: Vni): PacketCounts {
    const ear = this.#taps.get(ifindex)?.ears.get(vni);
    return { frames: ear?.frames ?? 0, ignored: ear?.ignored ?? new Map() };
  }

  /** Sends a frame out by a port, to what is behind it and not into the bridge. */
  send({ ifindex, tag }: Way, frame: Uint8Array): Result<undefined> {
    const tap = this.#taps.get(ifindex);
    if (tap === undefined) return err(`Cannot send on interface ${ifindex}: it is no port of ours`);
    const sent = tap.socket.send(tag === 0 ? frame : tagged(frame, tag));
    return sent < 0
      ? err(`Cannot send on ${tap.port}: ${errnoName(-sent)}`)
      : { ok: true, value: undefined };
  }

  #received(tap: Tap, count: number): void {
    this.#isTelling = true;
    const allowed = this.#allow(tap, count);
    for (let i = 0; i < allowed; i++) {
      const tag = this.#frames.tagAt(i);
      const ear = tap.earOf(tag);
      if (ear === undefined) this.#ignoreStranger(tap);
      else this.#heard(tap, ear, { frame: this.#frames.at(i), tag });
    }
    this.#isTelling = false;
  }

  #heard(tap: Tap, ear: Ear, { frame, tag }: { frame: Uint8Array; tag: number }): void {
    ear.frames++;
    // A bridge that knows no VLANs forwards a tagged frame like any other, so the host is here. Its IP
    // is one of another network, in which we must not answer for it.
    const isOurNetwork = ear.vlan !== 0 || tag === 0;
    if (carriesUdp(frame)) this.#answer(tap, ear, { frame, isOurNetwork });
    else if (tap.isTunnel) this.#router(tap, ear, { frame, isOurNetwork });
    else this.#frame(tap, ear, { frame, isOurNetwork });
  }

  /** How many of so many frames are looked at: one port must not keep us from the others. */
  #allow(tap: Tap, count: number): number {
    if (count <= 0) return 0;
    const { framesPerSecond, now } = this.#settings;
    const at = now();
    tap.wasRead(at);
    if (count === SLOTS) tap.missLost();
    if (tap.isFlooded && tap.bucket.isFullAt(at)) tap.isFlooded = false;
    const allowed = tap.bucket.take(count, at);
    if (allowed === count) return count;
    tap.pass(count - allowed, "rate");
    const [ear] = tap.ears.values();
    if (ear === undefined || tap.isFlooded) return allowed;
    tap.isFlooded = true;
    this.#listener.tell({ kind: "port-flooded", vni: ear.vni, port: tap.port, framesPerSecond });
    return allowed;
  }

  /** What a DHCP server tells a client; which port the client is behind, others know. */
  #answer(tap: Tap, ear: Ear, { frame, isOurNetwork }: Heard): void {
    const leases = leasesIn(frame);
    if (!leases.ok) this.#ignore(tap, ear, leases.error);
    else if (!isOurNetwork) this.#ignore(tap, ear, "dhcp-other-vlan");
    else {
      for (const lease of leases.value) {
        this.#listener.news({ kind: "leased", vni: ear.vni, ...lease });
      }
    }
  }

  #frame(tap: Tap, ear: Ear, { frame, isOurNetwork }: Heard): void {
    const sighting = sight(frame);
    if (!sighting.ok) {
      this.#ignore(tap, ear, sighting.error);
      return;
    }
    const { mac, ip, signal, probed, router, yields } = sighting.value;
    if (this.#listener.isOwn(ear.vni, mac)) {
      this.#ignore(tap, ear, "own-mac");
      return;
    }
    this.#listener.news({
      kind: "seen",
      vni: ear.vni,
      port: tap.port,
      mac,
      ip: isOurNetwork ? ip : undefined,
      signal,
      probed: isOurNetwork ? probed : undefined,
      router,
      yields,
    });
  }

  /** Out of the tunnel: where its host is, BGP says. */
  #router(tap: Tap, ear: Ear, { frame, isOurNetwork }: Heard): void {
    const sighting = sight(frame);
    if (!sighting.ok) {
      this.#ignore(tap, ear, sighting.error);
      return;
    }
    const { mac } = sighting.value;
    const { vni } = ear;
    if (this.#listener.isOwn(vni, mac)) this.#ignore(tap, ear, "own-mac");
    else if (isOurNetwork) this.#listener.news({ kind: "router-heard", vni, mac });
  }

  /** The port is not in the VLAN of the frame, or no VNI is: the first of those at the port counts it. */
  #ignoreStranger(tap: Tap): void {
    const [ear] = tap.ears.values();
    if (ear === undefined) return;
    ear.frames++;
    this.#ignore(tap, ear, "other-vlan");
  }

  #ignore(tap: Tap, { vni, ignored }: Ear, reason: PacketIgnored): void {
    ignored.set(reason, (ignored.get(reason) ?? 0) + 1);
    this.#listener.tell({ kind: "frame-ignored", vni, port: tap.port, reason });
  }
}

interface Heard {
  readonly frame: Uint8Array;
  /** Not of a VLAN inside of the MAC-VRF. */
  readonly isOurNetwork: boolean;
}
