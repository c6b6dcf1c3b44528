/** As much of BGP-4 with EVPN as a peer needs that only ever announces hosts (RFC 4271, RFC 7432). */
import { ASN, ipBytes, macBytes, VNI } from "../lab/hosts.ts";

export const BGP_PORT = 179;
export const BGP_HEADER = 19;
export const BgpType = { open: 1, update: 2, keepalive: 4 } as const;
const AFI_SAFI_EVPN: readonly number[] = [0, 25, 70];
/** Hosts in one UPDATE: what fits its 4096 bytes. */
const HOSTS_PER_UPDATE = 95;
const MAC_IP_ROUTE = 2;
const MP_REACH = 14;
const MP_UNREACH = 15;

export interface Announcement {
  readonly hosts: readonly number[];
  readonly vtep: string;
  readonly seq: number;
  readonly withIp: boolean;
}

function message(type: number, body: readonly number[] | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(BGP_HEADER + body.length);
  bytes.fill(0xff, 0, 16);
  new DataView(bytes.buffer).setUint16(16, bytes.length);
  bytes[18] = type;
  bytes.set(body, BGP_HEADER);
  return bytes;
}

function two(number: number): readonly number[] {
  return [number >> 8, number & 0xff];
}

/** Without a hold time, so that nobody has to be kept alive. */
export function open(routerId: string): Uint8Array {
  const multiprotocol = [1, 4, ...AFI_SAFI_EVPN.slice(0, 2), 0, 70];
  const fourOctets = [65, 4, 0, 0, ...two(ASN)];
  const capabilities = [...multiprotocol, ...fourOctets];
  const parameters = [2, capabilities.length, ...capabilities];
  const id = routerId.split(".").map(Number);
  return message(BgpType.open, [4, ...two(ASN), 0, 0, ...id, parameters.length, ...parameters]);
}

export function keepalive(): Uint8Array {
  return message(BgpType.keepalive, []);
}

/** RFC 4724 §2: an UPDATE that withdraws nothing, of this family. */
export function endOfRib(): Uint8Array {
  return update([0x80, 15, 3, ...AFI_SAFI_EVPN]);
}

function update(attributes: readonly number[] | Uint8Array): Uint8Array {
  return message(BgpType.update, [0, 0, ...two(attributes.length), ...attributes]);
}

export function announcements({ hosts, vtep, seq, withIp }: Announcement): Uint8Array[] {
  return parts(hosts).map((some) => {
    const routes = some.flatMap((host) => route(host, { vtep, withIp }));
    const nexthop = vtep.split(".").map(Number);
    const reach = [...AFI_SAFI_EVPN, 4, ...nexthop, 0, ...routes];
    const communities = [
      ...[0x00, 0x02, ...two(ASN), 0, 0, ...two(VNI)],
      ...[0x03, 0x0c, 0, 0, 0, 0, ...two(8)],
      ...(seq === 0 ? [] : [0x06, 0x00, 0, 0, 0, 0, ...two(seq)]),
    ];
    return update([
      ...[0x40, 1, 1, 0],
      ...[0x40, 2, 0],
      ...[0x40, 5, 4, 0, 0, 0, 100],
      ...[0xc0, 16, communities.length, ...communities],
      ...[0x90, 14, ...two(reach.length), ...reach],
    ]);
  });
}

export function withdrawals({ hosts, vtep, withIp }: Omit<Announcement, "seq">): Uint8Array[] {
  return parts(hosts).map((some) => {
    const routes = some.flatMap((host) => route(host, { vtep, withIp }));
    const unreach = [...AFI_SAFI_EVPN, ...routes];
    return update([0x90, 15, ...two(unreach.length), ...unreach]);
  });
}

function parts(hosts: readonly number[]): readonly (readonly number[])[] {
  const count = Math.ceil(hosts.length / HOSTS_PER_UPDATE);
  return Array.from({ length: count }, (_, i) =>
    hosts.slice(i * HOSTS_PER_UPDATE, (i + 1) * HOSTS_PER_UPDATE),
  );
}

function route(
  host: number,
  { vtep, withIp }: { readonly vtep: string; readonly withIp: boolean },
): readonly number[] {
  const rd = [0, 1, ...vtep.split(".").map(Number), ...two(VNI)];
  const ip = withIp ? [32, ...ipBytes(host)] : [0];
  const esi = Array.from({ length: 10 }, () => 0);
  const body = [...rd, ...esi, 0, 0, 0, 0, 48, ...macBytes(host), ...ip, 0, ...two(VNI)];
  return [MAC_IP_ROUTE, body.length, ...body];
}

/** Takes a stream of BGP apart. */
export class BgpStream {
  #rest: Buffer = Buffer.alloc(0);
  readonly #take: (type: number, message: Buffer) => void;

  constructor(take: (type: number, message: Buffer) => void) {
    this.#take = take;
  }

  push(bytes: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
    for (;;) {
      if (this.#rest.length < BGP_HEADER) return;
      const length = this.#rest.readUInt16BE(16);
      if (length < BGP_HEADER || this.#rest.length < length) return;
      this.#take(this.#rest[18] ?? 0, this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
  }
}

/** A MAC/IP route that an UPDATE tells or withdraws. */
export interface RouteHeard {
  readonly isWithdrawn: boolean;
  readonly mac: number;
  /** The IPv4 address in the RD. */
  readonly rd: string;
  /** The same for the same route. */
  readonly key: string;
}

export function routesIn(update: Buffer): readonly RouteHeard[] {
  const heard: RouteHeard[] = [];
  const end = BGP_HEADER + 4 + update.readUInt16BE(BGP_HEADER) + attributesLength(update);
  let at = BGP_HEADER + 4 + update.readUInt16BE(BGP_HEADER);
  while (at + 3 <= end) {
    const isLong = ((update[at] ?? 0) & 0x10) !== 0;
    const type = update[at + 1];
    const length = isLong ? update.readUInt16BE(at + 2) : (update[at + 2] ?? 0);
    const start = at + (isLong ? 4 : 3);
    const isWithdrawn = type === MP_UNREACH;
    if (isWithdrawn || type === MP_REACH) {
      // After the family, and of what is told the next hop and an octet for nothing.
      const first = start + 3 + (isWithdrawn ? 0 : 2 + (update[start + 3] ?? 0));
      for (let r = first; r + 2 <= start + length; r += 2 + (update[r + 1] ?? 0)) {
        if (update[r] === MAC_IP_ROUTE) heard.push({ isWithdrawn, ...macIpRouteAt(update, r + 2) });
      }
    }
    at = start + length;
  }
  return heard;
}

/** RFC 7432 §7.2: RD, Ethernet tag, MAC and IP are the key, the ESI and labels are not of it. */
function macIpRouteAt(update: Buffer, at: number): Pick<RouteHeard, "mac" | "rd" | "key"> {
  const rd = [...update.subarray(at + 2, at + 6)].join(".");
  const ipLength = (update[at + 29] ?? 0) / 8;
  const key =
    update.toString("hex", at, at + 8) + update.toString("hex", at + 18, at + 30 + ipLength);
  return { mac: update.readUIntBE(at + 23, 6), rd, key };
}

function attributesLength(update: Buffer): number {
  return update.readUInt16BE(BGP_HEADER + 2 + update.readUInt16BE(BGP_HEADER));
}
