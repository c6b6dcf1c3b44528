/** The word of the hypervisor, as it comes over the socket: `attach`, `detach`, `migrate`. */
import { type IpAddress, parseIp } from "../evpn/ip.ts";
import { type MacAddress, parseMac } from "../evpn/mac.ts";
import { type PortName, portName } from "../evpn/port.ts";
import { err, ok, type Result } from "../evpn/result.ts";
import type { Vni } from "../evpn/vni.ts";
import type { VtepAddress } from "../evpn/vtep.ts";
import type { MigrationStep } from "../mobility/migration.ts";
import { clip, type Fields, notA, quote, readVni, withOnly } from "./request.ts";

interface OfHost {
  readonly mac: MacAddress;
  /** `undefined`: that in which the MAC is known, or the only one there is. */
  readonly vni: Vni | undefined;
}

export type WordCommand =
  | (OfHost & {
      readonly kind: "attach";
      readonly port: PortName;
      readonly ips: readonly IpAddress[];
    })
  | (OfHost & { readonly kind: "detach"; readonly port: PortName })
  | (OfHost & {
      readonly kind: "migrate";
      readonly step: MigrationStep;
      readonly to: VtepAddress | undefined;
      readonly ips: readonly IpAddress[];
      readonly port: PortName | undefined;
    });

export const MIGRATION_STEPS: readonly MigrationStep[] = [
  "start",
  "suspend",
  "land",
  "commit",
  "abort",
];

/** Nobody has more; what is longer is a mistake. */
const IPS_MAX = 256;

type Read<K extends WordCommand["kind"]> = Result<Extract<WordCommand, { kind: K }>>;

export function readAttach(input: Fields): Read<"attach"> {
  const known = withOnly(["mac", "vni", "port", "ips"], input);
  if (!known.ok) return known;
  const host = readHost(known.value);
  if (!host.ok) return err(`Cannot attach: ${host.error}`);
  const port = readPort(known.value.port);
  if (!port.ok) return err(`Cannot attach: ${port.error}`);
  const ips = readIps(known.value.ips);
  if (!ips.ok) return err(`Cannot attach: ${ips.error}`);
  return ok({ kind: "attach", ...host.value, port: port.value, ips: ips.value });
}

export function readDetach(input: Fields): Read<"detach"> {
  const known = withOnly(["mac", "vni", "port"], input);
  if (!known.ok) return known;
  const host = readHost(known.value);
  if (!host.ok) return err(`Cannot detach: ${host.error}`);
  const port = readPort(known.value.port);
  if (!port.ok) return err(`Cannot detach: ${port.error}`);
  return ok({ kind: "detach", ...host.value, port: port.value });
}

export function readMigrate(input: Fields): Read<"migrate"> {
  const known = withOnly(["step", "mac", "vni", "to", "port", "ips"], input);
  if (!known.ok) return known;
  const { step: word, to, port, ips } = known.value;
  const step = MIGRATION_STEPS.find((each) => each === word);
  if (step === undefined) {
    return err(`Cannot migrate: ${quote(word)} is none of ${MIGRATION_STEPS.join(", ")}`);
  }
  const refuse = (reason: string): Result<never> => err(`Cannot ${step} a migration: ${reason}`);
  const host = readHost(known.value);
  if (!host.ok) return refuse(host.error);
  const vtep = isAbsent(to) ? ok(undefined) : readIp(to);
  if (!vtep.ok) return refuse(vtep.error);
  const at = isAbsent(port) ? ok(undefined) : readPort(port);
  if (!at.ok) return refuse(at.error);
  const held = readIps(ips);
  if (!held.ok) return refuse(held.error);
  return ok({
    kind: "migrate",
    step,
    ...host.value,
    to: vtep.value,
    port: at.value,
    ips: held.value,
  });
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function readHost({ mac, vni }: Fields): Result<OfHost> {
  const host = typeof mac === "string" ? parseMac(clip(mac)) : notA(mac, "a MAC address");
  if (!host.ok) return host;
  const number = readVni(vni);
  return number.ok ? ok({ mac: host.value, vni: number.value }) : number;
}

function readPort(value: unknown): Result<PortName> {
  // IFNAMSIZ, without the zero that ends the name.
  const isName = typeof value === "string" && value.length > 0 && value.length <= 15;
  return isName ? ok(portName(value)) : notA(value, "the name of a port");
}

function readIp(value: unknown): Result<IpAddress> {
  return typeof value === "string" ? parseIp(clip(value)) : notA(value, "an IP address");
}

function readIps(value: unknown): Result<readonly IpAddress[]> {
  if (isAbsent(value)) return ok([]);
  if (!Array.isArray(value)) return notA(value, "a list of IP addresses");
  if (value.length > IPS_MAX) return err(`${value.length} IP addresses are above ${IPS_MAX}`);
  const ips: IpAddress[] = [];
  for (const each of value) {
    const ip = readIp(each);
    if (!ip.ok) return ip;
    ips.push(ip.value);
  }
  return ok(ips);
}
