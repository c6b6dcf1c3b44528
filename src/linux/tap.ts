/**
 * A socket that hears the frames of one interface, and whose they are: a port of a bridge that filters
 * VLANs may be in several MAC-VRFs at once.
 */
import type { PortName } from "../evpn/port.ts";
import type { Vni } from "../evpn/vni.ts";
import { Lots } from "./lots.ts";
import type { DatagramSocket } from "./native.ts";
import type { PacketIgnored } from "./notice.ts";
import { type BpfInstruction, closePacketSocket, framesLost } from "./socket.ts";
import type { TokenBucket } from "./token-bucket.ts";
import type { Unseen } from "./unseen.ts";

/** See `lots.ts`. */
const LOT = { often: 16, lotMs: 1 };
/** No VLAN. */
const ALL_TAGS = -1;

/** Whose frames are heard at an interface: those of a MAC-VRF, of which there may be several there. */
export interface Ear {
  readonly vni: Vni;
  /** The VLAN whose tag its frames have; 0: the bridge knows no VLANs, and all are its. */
  readonly vlan: number;
  /** Those without a tag are its. */
  readonly isNative: boolean;
  frames: number;
  readonly ignored: Map<PacketIgnored, number>;
}

/** Why a frame has come that nobody looks at. */
type UnseenBecause = Extract<PacketIgnored, "rate" | "no-room">;

export interface PacketCounts {
  /** Frames heard, whether they said something or not. */
  readonly frames: number;
  readonly ignored: ReadonlyMap<PacketIgnored, number>;
}

/** Where a socket is to listen. */
export interface Site {
  readonly ifindex: number;
  readonly port: PortName;
  readonly filter: readonly BpfInstruction[];
  /** The VXLAN device, not a port. */
  readonly isTunnel: boolean;
}

export class Tap implements Disposable {
  readonly socket: DatagramSocket;
  readonly bucket: TokenBucket;
  /** By VNI. */
  readonly ears: Map<Vni, Ear> = new Map();
  readonly isTunnel: boolean;
  port: PortName;
  /** More frames have come than are looked at, and it has not been quiet since. */
  isFlooded = false;
  readonly #unseen: Readonly<Record<UnseenBecause, Unseen>>;
  #byTag: ReadonlyMap<number, Ear> = new Map();
  readonly #lots: Lots;

  constructor(
    { port, isTunnel }: Site,
    socket: DatagramSocket,
    { bucket, unseen }: Pick<Tap, "bucket"> & { readonly unseen: Record<UnseenBecause, Unseen> },
  ) {
    this.port = port;
    this.isTunnel = isTunnel;
    this.socket = socket;
    this.#lots = new Lots(socket, LOT);
    this.bucket = bucket;
    this.#unseen = unseen;
  }

  [Symbol.dispose](): void {
    this.#lots[Symbol.dispose]();
    closePacketSocket(this.socket);
    for (const unseen of Object.values(this.#unseen)) unseen[Symbol.dispose]();
  }

  /** Frames were read, at this time in milliseconds. */
  wasRead(at: number): void {
    this.#lots.wasRead(at);
  }

  /** Where more waited than are read at once, there may have been no room for others. */
  missLost(): void {
    this.pass(framesLost(this.socket), "no-room");
  }

  /** Whose they are is in the frames, which nobody looks at: they are the first's. */
  pass(frames: number, reason: UnseenBecause): void {
    const [ear] = this.ears.values();
    if (frames === 0 || ear === undefined) return;
    ear.frames += frames;
    ear.ignored.set(reason, (ear.ignored.get(reason) ?? 0) + frames);
    this.#unseen[reason].add(frames);
  }

  listenFor({ vni, vlan, isNative }: Pick<Ear, "vni" | "vlan" | "isNative">): void {
    const { frames, ignored } = this.ears.get(vni) ?? { frames: 0, ignored: new Map() };
    this.ears.set(vni, { vni, vlan, isNative, frames, ignored });
    this.#sort();
  }

  /** Answers whether there is still something to be heard. */
  stopListeningFor(vni: Vni): boolean {
    this.ears.delete(vni);
    this.#sort();
    return this.ears.size > 0;
  }

  /** Whose a frame with this tag is, where 0 is none; a bridge takes the tag 0 for none, too. */
  earOf(tag: number): Ear | undefined {
    return this.#byTag.get(tag) ?? this.#byTag.get(ALL_TAGS);
  }

  #sort(): void {
    const byTag = new Map<number, Ear>();
    for (const ear of this.ears.values()) {
      if (ear.vlan === 0) byTag.set(ALL_TAGS, ear);
      else byTag.set(ear.vlan, ear);
      if (ear.vlan !== 0 && ear.isNative) byTag.set(0, ear);
    }
    this.#byTag = byTag;
  }
}
