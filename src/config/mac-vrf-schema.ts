/** The options of one MAC-VRF: see `schema.ts`. */
import { z } from "zod";
import { parseIp, refuseHostIp } from "../evpn/ip.ts";
import { parseMac, refuseHostMac } from "../evpn/mac.ts";
import { parsePortPattern } from "../evpn/pattern.ts";
import { parsePrefix } from "../evpn/prefix.ts";
import { err } from "../evpn/result.ts";
import { parseRouteDistinguisher } from "../evpn/route-distinguisher.ts";
import { parseRouteTarget } from "../evpn/route-target.ts";
import { toVni } from "../evpn/vni.ts";
import type { MacVrfConfig } from "./config.ts";
import { parseInterfaceName, text } from "./values.ts";

const AT_LEAST_ONE = "is empty: leave it out, or list at least one";

const hostMac = text((given) => {
  const mac = parseMac(given);
  const refusal = mac.ok ? refuseHostMac(mac.value) : undefined;
  return refusal === undefined ? mac : err(`"${given}" can not be a host's (${refusal})`);
});

const hostIp = text((given) => {
  const ip = parseIp(given);
  const refusal = ip.ok ? refuseHostIp(ip.value) : undefined;
  return refusal === undefined ? ip : err(`"${given}" can not be a host's (${refusal})`);
});

const vni = z.number().transform((given, context) => {
  const result = toVni(given);
  if (result.ok) return result.value;
  // `toVni` names the thing before the value; here the path does.
  context.issues.push({
    code: "custom",
    message: result.error.replace(/^vni /, ""),
    input: given,
  });
  return z.NEVER;
});

const targets = z.array(text(parseRouteTarget)).min(1, AT_LEAST_ONE).optional();

/** One entry of `mac-vrfs`. */
export const macVrfSchema: z.ZodType<MacVrfConfig> = z
  .strictObject({
    vni: vni.meta({ doc: "The VXLAN network identifier, 1 to 16777215.", example: 10 }),
    vxlan: text(parseInterfaceName).optional().meta({
      doc: "The VXLAN device; left out: the one that has this VNI.",
      example: "vxlan10",
    }),
    bridge: text(parseInterfaceName).optional().meta({
      doc: "The bridge; left out: the one the VXLAN device is a port of.",
      example: "br10",
    }),
    vlan: z.int().min(1).max(4094).optional().meta({
      doc: "The VLAN, if the bridge filters them; needed where entries share a VXLAN device.",
      example: 10,
    }),
    "route-distinguisher": text(parseRouteDistinguisher).optional().meta({
      doc: "Must be this leaf's alone; left out: router-id:vni.",
      example: "10.255.0.1:10",
    }),
    "route-targets": z
      .strictObject({
        import: targets.meta({
          doc: "Left out: any whose number is the VNI, as FRR does.",
          example: ["65000:10"],
        }),
        export: targets.meta({ doc: "Left out: asn:vni.", example: ["65000:10"] }),
      })
      .prefault({})
      .meta({ doc: "Which routes we take in, and how ours are marked." }),
    "exclude-ports": z
      .array(text(parsePortPattern))
      .prefault([])
      .meta({ doc: "Bridge ports behind which no hosts are looked for.", example: ["uplink*"] }),
    sticky: z
      .array(
        z
          .strictObject({
            mac: hostMac,
            ip: z.array(hostIp).prefault([]),
          })
          .transform(({ mac, ip }) => ({ mac, ips: ip })),
      )
      .prefault([])
      .meta({
        doc: "Hosts that may not move (RFC 7432 section 15.2).",
        example: [{ mac: "02:00:00:00:00:01", ip: ["192.0.2.1"] }],
      }),
    prefixes: z
      .array(text(parsePrefix))
      .prefault([])
      .meta({
        doc: "Where hosts' addresses are, for hosts.guard; a family without one: anywhere.",
        example: ["192.0.2.0/24", "2001:db8::/64"],
      }),
    provision: z.boolean().prefault(false).meta({
      doc: "Make bridge and VXLAN device where they are missing, and keep them right (roamd provision).",
      example: true,
    }),
    local: text(parseIp).optional().meta({
      doc: "With provision: the VTEP's address; left out: the one that lo has.",
      example: "10.255.0.1",
    }),
    mtu: z.int().min(576).max(65_485).optional().meta({
      doc: "With provision: of the VXLAN device; left out: the uplinks' less 50 (IPv4) or 70 (IPv6).",
      example: 1450,
    }),
    ports: z
      .array(text(parseInterfaceName))
      .prefault([])
      .meta({ doc: "With provision: interfaces to be put into the bridge.", example: ["eth2"] }),
  })
  .superRefine(({ provision, local, mtu, ports }, context) => {
    if (provision || (local === undefined && mtu === undefined && ports.length === 0)) return;
    const path = local !== undefined ? "local" : mtu !== undefined ? "mtu" : "ports";
    context.addIssue({ code: "custom", path: [path], message: "is only for provision: true" });
  })
  .transform((given) => ({
    vni: given.vni,
    vxlan: given.vxlan,
    bridge: given.bridge,
    vlan: given.vlan,
    settings: {
      rd: given["route-distinguisher"],
      imports: given["route-targets"].import,
      exports: given["route-targets"].export,
    },
    excludePorts: given["exclude-ports"],
    sticky: given.sticky,
    prefixes: given.prefixes,
    provision: given.provision
      ? { local: given.local, mtu: given.mtu, ports: given.ports }
      : undefined,
  }));
