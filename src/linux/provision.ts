/**
 * Makes what a MAC-VRF needs and is missing, and keeps it so; or takes it away. `provision-plan.ts`
 * says what is to be done, this does it. There are few such requests, and none is on any packet's way:
 * they are made where they are needed, without the worker of the tables.
 */
import { networkInterfaces } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { isIpv6, parseIp } from "../evpn/ip.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import { LinkType } from "../wire/link-layout.ts";
import { MessageWriter, readMessages } from "../wire/netlink.ts";
import { decodeLink, writeLinkDump } from "../wire/netlink-link.ts";
import { decodeLinkLabel, writeLinkRequest } from "../wire/netlink-link-write.ts";
import { check, errnoName } from "./linux-error.ts";
import { META_PER_DATAGRAM } from "./native.ts";
import { NetlinkConversation, NetlinkDump } from "./netlink-conversation.ts";
import {
  type Device,
  type Devices,
  type Plan,
  type ProvisionWish,
  planAway,
  planFor,
} from "./provision-plan.ts";
import { openRouteSocket, RouteGroup } from "./socket.ts";

/** As an operator says it; what is `undefined` is found out. */
export interface ProvisionRequest {
  readonly vni: Vni;
  readonly vxlan: string;
  readonly bridge: string;
  readonly local: VtepAddress | undefined;
  readonly mtu: number | undefined;
  readonly ports: readonly string[];
}

/** What was done, or was not and why; `isFailure`: something is not as it should be. */
export interface ProvisionNews {
  readonly sentence: string;
  readonly isFailure: boolean;
}

export interface ProvisionOptions {
  readonly away: boolean;
  /** Nothing is done, all is told. */
  readonly dryRun: boolean;
}

/** The outer Ethernet, IP, UDP and VXLAN headers. */
const OVERHEAD = { ipv4: 50, ipv6: 70 } as const;
const USUAL_MTU = 1500;
/** Between two looks, however often links change. */
const PAUSE_MS = 200;

/** Does all that is to be done now; answers what that was. */
export function provision(
  requests: readonly ProvisionRequest[],
  { away, dryRun }: ProvisionOptions,
): readonly ProvisionNews[] {
  const news: ProvisionNews[] = [];
  const failed = (sentence: string): unknown => news.push({ sentence, isFailure: true });
  const devices = readDevices();
  const wishes: ProvisionWish[] = [];
  for (const request of requests) {
    const wish = wishOf(request, devices);
    if (wish.ok) wishes.push(wish.value);
    else if (!away) failed(wish.error);
  }
  const plan = away ? planAway(wishes, devices) : planFor(wishes, devices);
  for (const complaint of plan.complaints) failed(complaint);
  if (dryRun) for (const { done } of plan.steps) news.push({ sentence: done, isFailure: false });
  else news.push(...carryOut(plan));
  return news;
}

/** As `provision`, and says why the kernel will not have us. */
export function tryProvision(
  requests: readonly ProvisionRequest[],
  options: ProvisionOptions,
): Result<readonly ProvisionNews[]> {
  try {
    return ok(provision(requests, options));
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

/** Provisions now, and again whenever links change, as long as the signal lasts. */
export async function keepProvisioned(
  requests: readonly ProvisionRequest[],
  tell: (news: ProvisionNews) => void,
  signal: AbortSignal,
): Promise<void> {
  let told = new Set<string>();
  using changes = new LinkChanges(signal);
  while (!signal.aborted) {
    const done = tryProvision(requests, { away: false, dryRun: false });
    const news = done.ok ? done.value : [{ sentence: done.error, isFailure: true }];
    // What can not be done is told once, until it can be.
    for (const each of news) if (!told.has(each.sentence)) tell(each);
    told = new Set(news.flatMap(({ sentence, isFailure }) => (isFailure ? sentence : [])));
    await changes.next();
    await delay(PAUSE_MS, undefined, { signal }).catch(() => {
      // The end was asked for meanwhile, which the loop sees.
    });
  }
}

/** One step after the other; after one that fails, those that follow of it can not be done either. */
function carryOut({ steps }: Plan): ProvisionNews[] {
  const news: ProvisionNews[] = [];
  const conversation = new NetlinkConversation();
  try {
    for (const { done, request } of steps) {
      const link = request(readDevices());
      if (link === undefined) continue;
      const writer = new MessageWriter();
      writeLinkRequest(writer, link);
      const [failure] = conversation.write(writer.finish());
      if (failure === undefined) news.push({ sentence: done, isFailure: false });
      else {
        const said = failure.message === undefined ? "" : ` (${failure.message})`;
        const sentence = `Cannot do this: ${done}: ${errnoName(failure.errno)}${said}`;
        news.push({ sentence, isFailure: true });
      }
    }
  } finally {
    conversation.close();
  }
  return news;
}

function readDevices(): Devices {
  const devices = new Map<string, Device>();
  const request = new MessageWriter();
  writeLinkDump(request, "device");
  const dump = new NetlinkDump(request.finish(), "route");
  try {
    for (let part = dump.next(); part !== undefined; part = dump.next()) {
      for (const message of readMessages(part).messages) {
        if (message.type !== LinkType.put) continue;
        const link = decodeLink(message);
        if (!link.ok || link.value.about !== "device") continue;
        const { about: _, gone: __, ...device } = link.value;
        devices.set(device.name, { ...device, ...decodeLinkLabel(message.payload) });
      }
    }
  } finally {
    dump.close();
  }
  return devices;
}

function wishOf(request: ProvisionRequest, devices: Devices): Result<ProvisionWish> {
  const local = request.local === undefined ? loopbackAddress() : ok(request.local);
  if (!local.ok) return err(`Cannot provision vni ${request.vni}: ${local.error}`);
  const mtu = request.mtu ?? mtuFor(local.value, devices);
  return ok({ ...request, local: local.value, mtu, isMtuGuessed: request.mtu === undefined });
}

/** The address that a leaf's loopback device has for this purpose. */
function loopbackAddress(): Result<VtepAddress> {
  const all = addressesOf("lo").filter((ip) => !ip.startsWith("127.") && ip !== "::1");
  const ipv4 = all.filter((ip) => !isIpv6(ip));
  const [only, ...others] = ipv4.length > 0 ? ipv4 : all;
  if (only === undefined) return err("lo has no address to be its VTEP's: say which (local)");
  if (others.length > 0) return err("lo has several addresses: say which is its VTEP's (local)");
  return ok(only);
}

/** What the narrowest way out leaves: of all that have an address of the family and are no bridges. */
function mtuFor(local: VtepAddress, devices: Devices): number {
  const ways = [...devices.values()].filter(
    ({ name, kind, master }) =>
      name !== "lo" &&
      kind !== "bridge" &&
      master === undefined &&
      addressesOf(name).some((ip) => isIpv6(ip) === isIpv6(local) && !ip.startsWith("fe80:")),
  );
  const narrowest = Math.min(...ways.map(({ mtu }) => mtu));
  const mtu = Number.isFinite(narrowest) ? narrowest : USUAL_MTU;
  return mtu - (isIpv6(local) ? OVERHEAD.ipv6 : OVERHEAD.ipv4);
}

function addressesOf(device: string): readonly VtepAddress[] {
  return (networkInterfaces()[device] ?? []).flatMap(({ address }) => {
    const ip = parseIp(address);
    return ip.ok ? ip.value : [];
  });
}

/** That links have changed, as the kernel tells; how, is read. */
class LinkChanges implements Disposable {
  readonly #socket = openRouteSocket([RouteGroup.link], { receiveBuffer: 1 << 20 });
  readonly #ended: AbortSignal;
  #isChanged = false;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#ended = signal;
    const slab = new Uint8Array(16 << 10);
    const meta = new Int32Array(META_PER_DATAGRAM);
    // An overrun is a change as well.
    const received = (): void => this.#changed();
    check("Cannot listen to netlink", this.#socket.start(slab, slab.length, meta, received, 64));
    signal.addEventListener("abort", () => this.#changed(), { once: true });
  }

  next(): Promise<void> {
    if (this.#isChanged || this.#ended.aborted) {
      this.#isChanged = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#isChanged = false;
        resolve();
      };
    });
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #changed(): void {
    this.#isChanged = true;
    this.#wake?.();
    this.#wake = undefined;
  }
}
