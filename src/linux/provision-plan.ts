/**
 * What must be done so that a bridge and a VXLAN device are there as a MAC-VRF needs them, and what to
 * take them away again. Devices that were made here carry an alias that says so, which a later process
 * knows them by; all others are used as they are found, and never changed.
 *
 * A device is marked as being made until it is up for the first time: after that it is the operator's
 * to take it down.
 */
import { isIpv6 } from "../evpn/ip.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { LinkLabel, LinkRequest } from "../wire/netlink-link-write.ts";
import type { Link } from "./links.ts";

export interface ProvisionWish {
  readonly vni: Vni;
  readonly vxlan: string;
  readonly bridge: string;
  readonly local: VtepAddress;
  readonly mtu: number;
  /** It has been found out, by what the uplinks were at the time: good for a device that is new. */
  readonly isMtuGuessed: boolean;
  /** To be ports of the bridge. One that is not there is waited for. */
  readonly ports: readonly string[];
}

export type Device = Link & LinkLabel;
/** By name. */
export type Devices = ReadonlyMap<string, Device>;

export interface Step {
  /** What it does, in the past tense, as the end of a sentence. */
  readonly done: string;
  /** `undefined`: a device it needs is not there. */
  readonly request: (devices: Devices) => LinkRequest | undefined;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Why something can not be done, each one sentence. */
  readonly complaints: readonly string[];
}

export const MADE = "made by roamd";
export const BEING_MADE = "being made by roamd";
/** RFC 7348 §5. */
const UDP_PORT = 4789;

export function planFor(wishes: readonly ProvisionWish[], devices: Devices): Plan {
  const steps: Step[] = [];
  const complaints: string[] = [];
  for (const wish of wishes) {
    const complaint = complaintOf(wish, devices);
    if (complaint === undefined) steps.push(...stepsFor(wish, devices));
    else complaints.push(`Cannot provision vni ${wish.vni}: ${complaint}`);
  }
  return { steps, complaints };
}

/** Takes away all that was made here, but for bridges that have got ports of others. */
export function planAway(wishes: readonly ProvisionWish[], devices: Devices): Plan {
  const steps: Step[] = [];
  const complaints: string[] = [];
  const ours = [...devices.values()].filter(isOurs);
  const ourPorts = new Set(wishes.flatMap(({ ports }) => ports));
  const byKind = (kind: string): Device[] => ours.filter((device) => device.kind === kind);
  for (const { name } of byKind("vxlan")) steps.push(remove(name));
  for (const { name, ifindex } of byKind("bridge")) {
    const strangers = [...devices.values()].filter(
      (device) => device.master === ifindex && !isOurs(device) && !ourPorts.has(device.name),
    );
    if (strangers.length === 0) steps.push(remove(name));
    else {
      const names = strangers.map((device) => device.name).join(", ");
      complaints.push(`Cannot remove ${name}: it has other ports, ${names}`);
    }
  }
  return { steps, complaints };
}

function isOurs({ alias }: Device): boolean {
  return alias === MADE || alias === BEING_MADE;
}

function complaintOf(wish: ProvisionWish, devices: Devices): string | undefined {
  const bridge = devices.get(wish.bridge);
  if (bridge !== undefined && bridge.kind !== "bridge") return `${wish.bridge} is no bridge`;
  const vxlan = devices.get(wish.vxlan);
  if (vxlan !== undefined) {
    if (vxlan.kind !== "vxlan") return `${wish.vxlan} is no VXLAN device`;
    if (vxlan.vxlan?.vni !== wish.vni) return `${wish.vxlan} is for vni ${vxlan.vxlan?.vni}`;
    return undefined;
  }
  for (const { name, vxlan: other } of devices.values()) {
    if (other?.vni === wish.vni && !other.collectMetadata) return `${name} has it already`;
  }
  return undefined;
}

function stepsFor(wish: ProvisionWish, devices: Devices): Step[] {
  const steps = [...bridgeSteps(wish, devices), ...vxlanSteps(wish, devices)];
  const bridge = devices.get(wish.bridge);
  for (const port of wish.ports) {
    const device = devices.get(port);
    // Who has put it into another bridge will have a reason.
    if (device === undefined || device.master !== undefined) continue;
    if (bridge !== undefined && device.master === bridge.ifindex) continue;
    steps.push(change(port, `made ${port} a port of ${wish.bridge}`, inBridge(wish)));
    if (!device.enabled) steps.push(change(port, `set ${port} up`, () => ({ up: true })));
  }
  return steps;
}

function bridgeSteps({ bridge }: ProvisionWish, devices: Devices): Step[] {
  const device = devices.get(bridge);
  const steps: Step[] = [];
  if (device === undefined) {
    const request = { action: "make", name: bridge, alias: BEING_MADE, kind: "bridge" } as const;
    steps.push({ done: `made bridge ${bridge}`, request: () => request });
  }
  if (device === undefined || device.alias === BEING_MADE) steps.push(...firstUp(bridge));
  return steps;
}

function vxlanSteps(wish: ProvisionWish, devices: Devices): Step[] {
  const { vni, vxlan: name, local } = wish;
  let device = devices.get(name);
  if (device !== undefined && !isOurs(device)) return [];
  const steps: Step[] = [];
  const settings = { vni, local, learning: false };
  const was = device?.vxlan?.local;
  if (device !== undefined && (was === undefined || isIpv6(was) !== isIpv6(local))) {
    steps.push(remove(name));
    device = undefined;
  }
  if (device === undefined) {
    const vxlan = { ...settings, port: UDP_PORT };
    const request = { action: "make", name, alias: BEING_MADE, kind: "vxlan", vxlan } as const;
    steps.push({ done: `made VXLAN device ${name}, ${local}`, request: () => request });
  } else if (was !== local || device.vxlan?.learning === true) {
    const done = `set ${name} local ${local}, nolearning`;
    steps.push(change(name, done, () => ({ vxlan: settings })));
  }
  const isNew = device === undefined || device.alias === BEING_MADE;
  if (device?.mtu !== wish.mtu && (isNew || !wish.isMtuGuessed)) {
    const done = `set ${name} mtu ${wish.mtu}`;
    steps.push(change(name, done, () => ({ mtu: wish.mtu })));
  }
  const master = devices.get(wish.bridge)?.ifindex;
  const isPort = device !== undefined && master !== undefined && device.master === master;
  if (!isPort) steps.push(change(name, `made ${name} a port of ${wish.bridge}`, inBridge(wish)));
  const port = isPort ? device?.bridgePort : undefined;
  if (port === undefined || port.learning || !port.neighSuppress) steps.push(portFlags(name));
  if (isNew) steps.push(...firstUp(name));
  return steps;
}

/** A bridge and its VXLAN device carry others' frames: they have nothing to say themselves. */
function firstUp(name: string): Step[] {
  return [
    change(name, `kept ${name} without an address`, () => ({ addressless: true })),
    change(name, `set ${name} up`, () => ({ up: true, alias: MADE })),
  ];
}

type Change = Omit<Extract<LinkRequest, { action: "change" }>, "action" | "ifindex">;

function change(name: string, done: string, what: (devices: Devices) => Change | undefined): Step {
  return {
    done,
    request: (devices) => {
      const device = devices.get(name);
      const changes = what(devices);
      if (device === undefined || changes === undefined) return undefined;
      return { action: "change", ifindex: device.ifindex, ...changes };
    },
  };
}

function inBridge({ bridge }: ProvisionWish): (devices: Devices) => Change | undefined {
  return (devices) => {
    const master = devices.get(bridge)?.ifindex;
    return master === undefined ? undefined : { master };
  };
}

function portFlags(name: string): Step {
  return {
    done: `set ${name} neigh_suppress on, learning off`,
    request: (devices) => {
      const ifindex = devices.get(name)?.ifindex;
      if (ifindex === undefined) return undefined;
      return { action: "change-port", ifindex, learning: false, neighSuppress: true };
    },
  };
}

function remove(name: string): Step {
  return {
    done: `removed ${name}`,
    request: (devices) => {
      const ifindex = devices.get(name)?.ifindex;
      return ifindex === undefined ? undefined : { action: "delete", ifindex };
    },
  };
}
