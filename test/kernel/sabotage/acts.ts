/** What may be done to a leaf's tables and devices. Every act ends with all devices up. */
import type { Random } from "../../simulation/random.ts";
import { dataFrame, Host } from "../frames.ts";
import { ipOf, macOf, type Rib } from "./rib.ts";
import {
  attempt,
  bridgeCommands,
  portCommands,
  readTables,
  rowsOf,
  type Segment,
  type Side,
  vxlanCommands,
} from "./scene.ts";

export interface Stage {
  readonly random: Random;
  readonly rib: Rib;
  /** What has been done, to be read when it ends badly. */
  readonly story: string[];
}

/** Done to a segment and to its twin, if it could be done to the segment. */
type Commands = (side: Side) => readonly string[];

export interface Act {
  readonly name: string;
  readonly weight: number;
  /** Puts rows of somebody else: nothing may be under way at that moment, for the kernel has no lock. */
  readonly isForeign: boolean;
  readonly commands: (stage: Stage, segment: Segment) => Commands;
}

const MACS = 12;
const ZERO = "00:00:00:00:00:00";

export async function perform(act: Act, stage: Stage, segment: Segment): Promise<void> {
  const commands = act.commands(stage, segment);
  const real = commands(segment.real);
  const twin = commands(segment.twin);
  for (const [i, command] of real.entries()) {
    const failure = await attempt(command);
    stage.story.push(`${act.name}: ${command}${failure === undefined ? "" : ` (${failure})`}`);
    // What an operator could not do to the segment he has not done. What he deletes may be ours.
    if (failure === undefined || !act.isForeign) await attempt(twin[i] ?? "");
  }
}

const anyMac = ({ random }: Stage): string => macOf(random.between(0, MACS - 1));
const anyIp = ({ random }: Stage, { vni }: Segment): string =>
  ipOf(vni, random.between(0, MACS - 1));
const addOrReplace = ({ random }: Stage): string => random.pick(["add", "replace"]);

function foreign(name: string, weight: number, commands: Act["commands"]): Act {
  return { name, weight, isForeign: true, commands };
}

function sabotage(name: string, weight: number, commands: Act["commands"]): Act {
  return { name, weight, isForeign: false, commands };
}

const FOREIGN: readonly Act[] = [
  foreign("a host of an operator", 4, (stage, segment) => {
    const [verb, mac, port] = [addOrReplace(stage), anyMac(stage), stage.random.pick([0, 1])];
    const kinds = ["static", "sticky static", "permanent"];
    // Over a pinned row, the kernel would keep what pins it.
    if (!stage.rib.isPinned(segment, mac)) kinds.push("extern_learn");
    const how = stage.random.pick(kinds);
    return ({ ports }) => [`bridge fdb ${verb} ${mac} dev ${ports[port]} master ${how}`];
  }),
  foreign("a MAC that an operator has behind the tunnel", 2, (stage) => {
    const [verb, mac] = [addOrReplace(stage), anyMac(stage)];
    return ({ vxlan }) => [`bridge fdb ${verb} ${mac} dev ${vxlan} master static`];
  }),
  foreign("a row of the tunnel", 4, (stage, { strangers, vteps }) => {
    const mac = anyMac(stage);
    const vtep = stage.random.pick([...strangers, ...vteps]);
    // Another control plane's put over ours would be ours with another VTEP: the kernel keeps our mark.
    const [verb, how] = stage.random.pick([
      ["add", "static"],
      ["replace", "static"],
      ["add", "permanent"],
      ["replace", "permanent"],
      ["add", "extern_learn dynamic"],
      ["add", "extern_learn"],
    ] as const);
    return ({ vxlan }) => [`bridge fdb ${verb} ${mac} dev ${vxlan} dst ${vtep} self ${how}`];
  }),
  foreign("a destination of floods", 3, (stage, segment) => {
    const ours = stage.rib.floods(segment);
    const free = [...segment.strangers, ...segment.vteps].filter((vtep) => !ours.includes(vtep));
    const vtep = stage.random.pick(free);
    // Not as by default, which beside a MAC of another control plane would be FRR's hand.
    return ({ vxlan }) => [`bridge fdb append ${ZERO} dev ${vxlan} dst ${vtep} self static`];
  }),
  foreign("a neighbour", 4, (stage, segment) => {
    const [verb, ip] = [addOrReplace(stage), anyIp(stage, segment)];
    const how = stage.random.pick(["permanent", "noarp extern_learn protocol bird"]);
    const mac = macOf(stage.random.between(100, 110));
    return ({ bridge }) => [`ip neigh ${verb} ${ip} lladdr ${mac} dev ${bridge} nud ${how}`];
  }),
];

const DELETED: readonly Act[] = [
  sabotage("delete from the tunnel", 5, (stage) => {
    const mac = anyMac(stage);
    return ({ vxlan }) => [`bridge fdb del ${mac} dev ${vxlan} self`];
  }),
  sabotage("delete from the bridge", 5, (stage) => {
    const mac = anyMac(stage);
    return ({ vxlan }) => [`bridge fdb del ${mac} dev ${vxlan} master`];
  }),
  sabotage("delete a host", 4, (stage) => {
    const [mac, port] = [anyMac(stage), stage.random.pick([0, 1])];
    return ({ ports }) => [`bridge fdb del ${mac} dev ${ports[port]} master`];
  }),
  sabotage("delete from the flood list", 4, (stage, { vteps, strangers }) => {
    const vtep = stage.random.pick([...vteps, ...strangers]);
    return ({ vxlan }) => [`bridge fdb del ${ZERO} dev ${vxlan} dst ${vtep} self`];
  }),
  sabotage("delete a neighbour", 4, (stage, segment) => {
    const ip = anyIp(stage, segment);
    return ({ bridge }) => [`ip neigh del ${ip} dev ${bridge}`];
  }),
  sabotage("a neighbour found by the kernel", 2, (stage, segment) => {
    const [ip, mac] = [anyIp(stage, segment), macOf(stage.random.between(100, 110))];
    return ({ bridge }) => [`ip neigh replace ${ip} lladdr ${mac} dev ${bridge} nud reachable`];
  }),
  sabotage("flush the tunnel", 2, () => ({ vxlan }) => [`bridge fdb flush dev ${vxlan} self`]),
  sabotage("flush the VXLAN device's port", 2, () => ({ vxlan }) => [
    `bridge fdb flush dev ${vxlan} master`,
  ]),
  sabotage("flush a port", 2, () => ({ ports }) => [`bridge fdb flush dev ${ports[0]} master`]),
  sabotage("flush the bridge", 2, () => ({ bridge }) => [`bridge fdb flush dev ${bridge}`]),
  sabotage("flush the neighbours", 2, () => ({ bridge }) => [
    `ip neigh flush dev ${bridge} nud all`,
  ]),
];

const DEVICES: readonly Act[] = [
  sabotage(
    "the VXLAN device flaps",
    2,
    () =>
      ({ vxlan }) =>
        flap(vxlan),
  ),
  sabotage(
    "the bridge flaps",
    2,
    () =>
      ({ bridge }) =>
        flap(bridge),
  ),
  sabotage(
    "a port flaps",
    1,
    () =>
      ({ ports }) =>
        flap(ports[0]),
  ),
  sabotage("a port leaves and comes back", 1, () => ({ bridge, ports }) => [
    `ip link set ${ports[0]} nomaster`,
    `ip link set ${ports[0]} master ${bridge}`,
  ]),
  sabotage("the VXLAN device leaves and comes back", 2, () => ({ bridge, vxlan }) => [
    `ip link set ${vxlan} nomaster`,
    `ip link set ${vxlan} master ${bridge}`,
  ]),
  sabotage("the VXLAN device is made anew", 2, (_, { local }) => (side) => [
    `ip link delete ${side.vxlan}`,
    ...vxlanCommands(side, local),
  ]),
  sabotage("a port is made anew", 1, () => (side) => [
    `ip link delete ${side.ports[0]}`,
    ...portCommands(side, side.ports[0]),
  ]),
  sabotage("the bridge is made anew", 1, () => (side) => [
    `ip link delete ${side.bridge}`,
    ...bridgeCommands(side),
    ...[side.vxlan, ...side.ports].map((port) => `ip link set ${port} master ${side.bridge}`),
  ]),
  sabotage("a port is renamed, and back", 1, () => ({ ports: [port] }) => [
    `ip link set ${port} down`,
    `ip link set ${port} name other`,
    `ip link set other name ${port} up`,
  ]),
  sabotage("the VXLAN device is renamed, and back", 1, () => ({ vxlan }) => [
    `ip link set ${vxlan} down`,
    `ip link set ${vxlan} name other`,
    `ip link set other name ${vxlan} up`,
  ]),
  sabotage("the VXLAN device gets another address", 1, (stage, segment) => {
    segment.local = stage.random.pick(segment.locals);
    return ({ vni, vxlan }) => [`ip link set ${vxlan} type vxlan id ${vni} local ${segment.local}`];
  }),
  sabotage("the VXLAN device learns for a moment", 1, () => ({ vni, vxlan }) => [
    `ip link set ${vxlan} type vxlan id ${vni} learning`,
    `ip link set ${vxlan} type vxlan id ${vni} nolearning`,
  ]),
];

export const ACTS: readonly Act[] = [...FOREIGN, ...DELETED, ...DEVICES];

function flap(device: string): readonly string[] {
  return [`ip link set ${device} down`, `ip link set ${device} up`];
}

/** What others have at this moment: `bridge MAC`, `neighbour IP`. */
async function others({ twin }: Segment): Promise<ReadonlySet<string>> {
  const rows = rowsOf(twin, await readTables());
  return new Set(rows.map((row) => row.split(" ").slice(0, 2).join(" ")));
}

/** Someone changes a neighbour of ours so that it still looks like ours. */
export async function forgeNeighbour(stage: Stage, segment: Segment): Promise<void> {
  const ip = anyIp(stage, segment);
  if ((await others(segment)).has(`neighbour ${ip}`)) return;
  const command = `ip neigh change ${ip} lladdr ${macOf(99)} dev ${segment.real.bridge} nud noarp extern_learn protocol 114`;
  stage.story.push(command);
  await attempt(command);
}

/** Remote hosts send frames on a port of ours: the bridge believes them, and learns. */
export async function shout(stage: Stage, segment: Segment): Promise<void> {
  const port = stage.random.pick(segment.real.ports);
  const mac = anyMac(stage);
  // It would take over an operator's entry as well.
  if ((await others(segment)).has(`bridge ${mac}`)) return;
  stage.story.push(`a frame from ${mac} on ${port}`);
  using host = new Host(`${port}h`);
  host.send(dataFrame(mac));
}

export function pickAct(random: Random): Act {
  const total = ACTS.reduce((sum, { weight }) => sum + weight, 0);
  let at = random.next() * total;
  for (const act of ACTS) {
    at -= act.weight;
    if (at < 0) return act;
  }
  return random.pick(ACTS);
}
