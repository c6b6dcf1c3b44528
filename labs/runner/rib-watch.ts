/** The MAC/IP routes that the spine has, and when each came and went: told by `gobgp monitor`. */
import { now } from "./clock.ts";
import type { Fabric } from "./fabric.ts";
import { onLine } from "./lines.ts";

export interface RibRoute {
  readonly vtep: string;
  readonly mac: string;
  /** `null`: the route of the MAC alone. */
  readonly ip: string | null;
  /** `null`: without a MAC Mobility community. */
  readonly seq: number | null;
}

export interface RibEvent extends RibRoute {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly withdrawn: boolean;
}

interface PathInJson {
  readonly nlri: {
    readonly type: number;
    readonly value: { readonly mac?: string; readonly ip?: string };
  };
  readonly attrs?: readonly {
    readonly type: number;
    readonly nexthop?: string;
    readonly value?: readonly { readonly [field: string]: unknown }[];
  }[];
  readonly withdrawal?: boolean;
}

const MAC_IP = 2;
const IMET = 3;
const EXTENDED_COMMUNITIES = 16;
const MP_REACH = 14;

export class RibWatch {
  /** Everything heard, in its order. */
  readonly events: RibEvent[] = [];
  readonly #routes = new Map<string, RibRoute>();
  readonly #floods = new Set<string>();

  /** What stands already is told first, in the same stream, so that nothing is missed between. */
  static start(fabric: Fabric, node: string): RibWatch {
    const watch = new RibWatch();
    const monitor = ["gobgp", "monitor", "global", "rib", "--current", "-a", "evpn", "-j"];
    const child = fabric.spawn(node, monitor, { stdio: ["ignore", "pipe", "inherit"] });
    onLine(child, (line) => watch.#hear(line));
    return watch;
  }

  /** The MAC/IP routes that stand at this moment. */
  static async list(fabric: Fabric, node: string): Promise<readonly RibRoute[]> {
    const watch = new RibWatch();
    const rib = await fabric.run(node, ["gobgp", "global", "rib", "-a", "evpn", "-j"]);
    for (const paths of Object.values(JSON.parse(rib || "{}") as Record<string, PathInJson[]>)) {
      for (const path of paths) watch.#note(path, now());
    }
    return watch.routes;
  }

  /** The routes that stand for this MAC. */
  routesOf(mac: string): readonly RibRoute[] {
    return [...this.#routes.values()].filter((route) => route.mac === mac);
  }

  /** All MAC/IP routes that stand. */
  get routes(): readonly RibRoute[] {
    return [...this.#routes.values()];
  }

  /** The VTEPs whose IMET routes stand. */
  get floods(): ReadonlySet<string> {
    return this.#floods;
  }

  #hear(line: string): void {
    if (line === "") return;
    const at = now();
    for (const path of JSON.parse(line) as PathInJson[]) this.#note(path, at);
  }

  #note(path: PathInJson, at: number): void {
    const vtep = path.attrs?.find((each) => each.type === MP_REACH)?.nexthop ?? "";
    const withdrawn = path.withdrawal === true;
    const { mac, ip } = path.nlri.value;
    if (path.nlri.type === IMET) {
      if (withdrawn) this.#floods.delete(vtep);
      else this.#floods.add(vtep);
    }
    if (path.nlri.type !== MAC_IP || mac === undefined) return;
    const route: RibRoute = { vtep, mac, ip: isAddress(ip) ? ip : null, seq: sequenceOf(path) };
    const key = `${vtep} ${mac} ${route.ip}`;
    if (withdrawn) this.#routes.delete(key);
    else this.#routes.set(key, route);
    this.events.push({ ...route, at, withdrawn });
  }
}

/** Where there is none, one version says `<nil>`, another "invalid IP", and a third nothing. */
function isAddress(ip: string | undefined): ip is string {
  return ip !== undefined && /^[0-9a-f.:]+$/.test(ip);
}

function sequenceOf(path: PathInJson): number | null {
  const communities = path.attrs?.find((each) => each.type === EXTENDED_COMMUNITIES)?.value ?? [];
  const mobility = communities.find((each) => "sequence" in each);
  return mobility === undefined ? null : Number(mobility.sequence);
}
