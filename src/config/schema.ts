/**
 * Every option: its name, how it is read, its limits, its default, and why. The one source: the
 * loader reads by it, `configs/roamd.yaml` is written from it, and the compiler holds it against
 * the types in `config.ts`.
 *
 * Defaults are written as an operator would write them, hence pass the same reading.
 */
import { z } from "zod";
import { parseMacPattern } from "../evpn/pattern.ts";
import type { Config } from "./config.ts";
import { controlSchema } from "./control-schema.ts";
import { macVrfSchema } from "./mac-vrf-schema.ts";
import {
  duration,
  parseAbsolutePath,
  parseGobgpAddress,
  parseListenAddress,
  text,
} from "./values.ts";

const path = text(parseAbsolutePath);
const pem = (doc: string, example: string) => path.optional().meta({ doc, example });

const gobgp = z
  .strictObject({
    address: text(parseGobgpAddress)
      .prefault("127.0.0.1:50051")
      .meta({ doc: "Where gobgpd listens for its API: host:port, or unix:/run/gobgp/api.sock." }),
    tls: z
      .strictObject({
        ca: pem("Whom to believe, as PEM.", "/etc/roamd/ca.pem"),
        certificate: pem("Who we are, where gobgpd asks for it.", "/etc/roamd/roamd.pem"),
        key: pem("The key to the certificate.", "/etc/roamd/roamd.key"),
        "server-name": z.string().min(1).optional().meta({
          doc: "The name in gobgpd's certificate, where it is not the host in the address.",
          example: "leaf1.example.net",
        }),
      })
      .refine((tls) => (tls.certificate === undefined) === (tls.key === undefined), {
        error: "has certificate or key alone: give both or none",
      })
      .transform((tls) =>
        Object.values(tls).every((given) => given === undefined)
          ? undefined
          : {
              ca: tls.ca,
              certificate: tls.certificate,
              key: tls.key,
              serverName: tls["server-name"],
            },
      )
      .optional()
      .meta({ doc: "TLS to gobgpd; leave it out for none." }),
  })
  .transform(({ address, tls }) => ({ address, tls }))
  .prefault({})
  .meta({ doc: "The BGP speaker beside us." });

const control = controlSchema.prefault({}).meta({ doc: "The command line's way in." });

const duplicates = z
  .strictObject({
    moves: z
      .int()
      .min(2)
      .max(1000)
      .prefault(5)
      .meta({ doc: "So many moves within the window make a duplicate (RFC 7432 section 15.1)." }),
    window: duration({ min: "2s", max: "1h" })
      .prefault("180s")
      .meta({ doc: "How far back moves are counted." }),
    action: z.enum(["warn", "freeze"]).prefault("freeze").meta({
      doc: "freeze: leave the address where it is and stop telling the others; warn: only say so.",
    }),
    "recover-after": duration({ min: "30s", max: "24h", zero: "not before it is cleared by hand" })
      .prefault("1800s")
      .meta({ doc: "When a duplicate is given another chance; 0: not before it is cleared." }),
    exempt: z
      .array(text(parseMacPattern))
      .prefault(["00:00:5e:00:01:*", "00:00:5e:00:02:*"])
      .meta({ doc: "Addresses that move by design; here those of VRRP, IPv4 and IPv6." }),
  })
  .transform((given) => ({
    moves: given.moves,
    windowMs: given.window,
    action: given.action,
    recoverAfterMs: given["recover-after"] === 0 ? undefined : given["recover-after"],
    exempt: given.exempt,
  }))
  .prefault({})
  .meta({ doc: "One address at two places at once." });

const mobility = z
  .strictObject({
    duplicates,
    "sequence-on-port-move": z.boolean().prefault(false).meta({
      doc: "Whether a move between two ports of this leaf is told to the other leaves as well.",
    }),
  })
  .transform((given) => ({
    duplicates: given.duplicates,
    sequenceOnPortMove: given["sequence-on-port-move"],
  }))
  .prefault({})
  .meta({ doc: "Who moves, and who only seems to." });

const hosts = z
  .strictObject({
    probe: z
      .strictObject({
        idle: duration({ min: "1s", max: "24h" }).prefault("120s").meta({
          doc: "A host, or an IP of its, not heard of for so long (to 4/3 of it) is asked about.",
        }),
        attempts: z
          .int()
          .min(1)
          .max(100)
          .prefault(3)
          .meta({ doc: "How often, before forgetting." }),
        interval: duration({ min: "100ms", max: "1m" })
          .prefault("1s")
          .meta({ doc: "Between two attempts." }),
      })
      .transform(({ idle, attempts, interval }) => ({
        idleMs: idle,
        attempts,
        intervalMs: interval,
      }))
      .prefault({})
      .meta({ doc: "Silent hosts: keep alive or forget." }),
    limits: z
      .strictObject({
        "macs-per-port": z
          .int()
          .min(1)
          .max(1_000_000)
          .prefault(1024)
          .meta({ doc: "Further ones are not believed, and no other port is concerned." }),
        "ips-per-mac": z.int().min(1).max(10_000).prefault(32).meta({
          doc: "IPv6 privacy addresses are many per host. Beyond, it is asked which it still uses.",
        }),
        "frames-per-second": z.int().min(1).max(10_000_000).prefault(2000).meta({
          doc: "ARP, RARP, neighbour discovery and DHCP, per port: further ones are not looked at.",
        }),
      })
      .transform((given) => ({
        macsPerPort: given["macs-per-port"],
        ipsPerMac: given["ips-per-mac"],
        framesPerSecond: given["frames-per-second"],
      }))
      .prefault({})
      .meta({ doc: "What one port may cost the others: the input comes from anybody." }),
    guard: z.enum(["off", "warn", "strict"]).prefault("warn").meta({
      doc: "Is this a move or a spoof? warn: say so; strict: ask the owner of an IP first.",
    }),
    "link-local": z.enum(["advertise", "ignore"]).prefault("advertise").meta({
      doc: "fe80::/10 and 169.254.0.0/16: advertise them as others, as FRR does, or the MAC alone.",
    }),
  })
  .transform((given) => ({
    probe: given.probe,
    limits: given.limits,
    guard: given.guard,
    linkLocal: given["link-local"],
  }))
  .prefault({})
  .meta({ doc: "The hosts behind our own ports." });

const dataPlane = z
  .strictObject({
    suppression: z
      .boolean()
      .prefault(true)
      .meta({ doc: "Answer ARP and neighbour solicitations here, rather than flood them." }),
    "unknown-targets": z.enum(["flood", "drop"]).prefault("flood").meta({
      doc: "ARP and ND requests for an IP that nobody is known to have. drop: silent hosts stay unknown.",
    }),
    redirect: duration({ min: "100ms", max: "5m", zero: "off" }).prefault("10s").meta({
      doc: "How long packets in flight are sent on to the leaf a host has moved to; 0: off.",
    }),
    "membership-queries": z.boolean().prefault(true).meta({
      doc: "Ask by IGMP and MLD behind a port that a host has come to: it joins its groups anew.",
    }),
  })
  .transform((given) => ({
    suppression: given.suppression,
    unknownTargets: given["unknown-targets"],
    redirectMs: given.redirect,
    membershipQueries: given["membership-queries"],
  }))
  .prefault({})
  .meta({ doc: "What the kernel is told." });

/** The whole file. `shape.ts` can look into it. */
export const configSchema: z.ZodType<Config> = z
  .strictObject({
    gobgp,
    control,
    http: text(parseListenAddress).optional().meta({
      doc: "Where /metrics and /healthz are served; left out: nowhere.",
      example: "127.0.0.1:9479",
      given: true,
    }),
    state: path
      .prefault("/var/lib/roamd")
      .meta({ doc: "The directory for what should survive a restart." }),
    "keep-on-exit": z.boolean().prefault(false).meta({
      doc: "Leave our routes with GoBGP when stopped, for a restart that is planned.",
    }),
    "mac-vrfs": z
      .union([z.literal("discover"), z.array(macVrfSchema)], {
        error: "is neither discover nor a list",
      })
      .prefault("discover")
      .meta({ doc: "discover: every VXLAN device that is a port of a bridge; or a list of them." }),
    mobility,
    hosts,
    "data-plane": dataPlane,
  })
  .transform((given) => ({
    gobgp: given.gobgp,
    control: given.control,
    http: given.http,
    state: given.state,
    keepOnExit: given["keep-on-exit"],
    macVrfs: given["mac-vrfs"],
    mobility: given.mobility,
    hosts: given.hosts,
    dataPlane: given["data-plane"],
  }))
  .prefault({});

/** What roamd does where nothing is said. */
export const defaultConfig: Config = configSchema.parse({});
