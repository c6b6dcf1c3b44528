/**
 * The door to the kernel's sockets: loads native/dgsock.c as compiled by native/build.sh, and gives
 * it its types. The only place where the type checker has to take our word.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LinuxError } from "./linux-error.ts";

/** Numbers told of each datagram received, at `META_PER_DATAGRAM * index +` these. */
export const META_PER_DATAGRAM = 5;
export const Meta = {
  /** The length the kernel gave us, at most a slot's. */
  length: 0,
  /** `msg_flags`: whether it was cut. */
  flags: 1,
  /** The sender's port (AF_NETLINK): 0 is the kernel. */
  origin: 2,
  /** From PACKET_AUXDATA; `tp_status` says whether the VLAN tag is valid. */
  status: 3,
  vlanTag: 4,
} as const;

/** A datagram socket that never blocks. Every method answers a count, or a negative errno. */
export interface DatagramSocket {
  bind(address: Uint8Array): number;
  setsockopt(level: number, name: number, value: Uint8Array): number;
  getsockopt(level: number, name: number, into: Uint8Array): number;
  /**
   * From now on receives into the slots of `slab`, and calls back once per batch, with how many
   * datagrams are there, or with the errno the socket had. What is in the slab is gone when the
   * callback returns, so several sockets may share one. The event loop has its turn after `maxBatches` of
   * them; of packets that come after 10 ms of quiet already after the first four, so that what is to be
   * said of those goes out before a thousand others are looked at.
   */
  start(
    slab: Uint8Array,
    slotSize: number,
    meta: Int32Array,
    callback: (count: number, errno: number) => void,
    maxBatches: number,
  ): number;
  /** Calls back at once with what is there already; not to be called out of a callback. */
  receiveNow(): void;
  /** Calls back no more, but for `receiveNow`: what comes is left in the kernel until `resume`. */
  pause(): void;
  resume(): void;
  /** The length the datagram had, even if `into` is shorter. */
  recv(into: Uint8Array): number;
  send(bytes: Uint8Array): number;
  /** Receives no more; answers the descriptor, which the caller is to close. -1: it was closed. */
  detach(): number;
  close(): void;
}

interface Addon {
  readonly Socket: new (family: number, type: number, protocol: number) => DatagramSocket;
}

const BUILT = join("native", "build", "dgsock.node");
let addon: Addon | undefined;

/** Opens a socket, non-blocking and closed on exec. */
export function openSocket(family: number, type: number, protocol: number): DatagramSocket {
  addon ??= createRequire(import.meta.url)(findAddon()) as Addon;
  try {
    return new addon.Socket(family, type, protocol);
  } catch (error) {
    const errno = error instanceof Error && "errno" in error ? Number(error.errno) : 0;
    throw new LinuxError(`Cannot open a socket of family ${family}`, errno);
  }
}

/** The sources run from `src/`, the compiled program from `dist/src/`: the addon is above both. */
function findAddon(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const path = join(folder, BUILT);
    if (existsSync(path)) return path;
    const above = dirname(folder);
    if (above === folder) {
      throw new Error(
        `Cannot load the socket addon: no ${BUILT}; run "npm run build:native" first`,
      );
    }
    folder = above;
  }
}
