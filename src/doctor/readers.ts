/** What commands and files of a Linux host say, read without trust: what is odd is left out. */
import { type FrrFacts, type LinkFacts, routeKey } from "./facts.ts";

type Fields = Readonly<Record<string, unknown>>;

/** `ip -j -d link show`. */
export function readLinks(json: string): readonly LinkFacts[] {
  return listOf(JSON.parse(json)).flatMap((link) => {
    const name = textOf(link.ifname);
    if (name === undefined || typeof link.mtu !== "number") return [];
    const info = fieldsOf(link.linkinfo);
    const data = fieldsOf(info.info_data);
    const kind = textOf(info.info_kind);
    const vxlan =
      kind === "vxlan" && typeof data.id === "number"
        ? {
            vni: data.id,
            local: textOf(data.local) ?? textOf(data.local6),
            learning: data.learning === true,
          }
        : undefined;
    const isPort = textOf(info.info_slave_kind) === "bridge";
    const portLearning = isPort ? fieldsOf(info.info_slave_data).learning === true : undefined;
    return [{ name, kind, mtu: link.mtu, master: textOf(link.master), vxlan, portLearning }];
  });
}

/** `ip -j route get ADDRESS`: the device. */
export function readRouteDevice(json: string): string | undefined {
  return textOf(listOf(JSON.parse(json))[0]?.dev);
}

/** `bridge -j fdb show dev VXLAN`: where flooded frames of a VNI go; a device may have many of them. */
export function readFloods(json: string, vni: number): readonly string[] {
  return listOf(JSON.parse(json)).flatMap(({ mac, dst, src_vni: of = vni }) =>
    mac === "00:00:00:00:00:00" && of === vni ? (textOf(dst) ?? []) : [],
  );
}

/** `iptables -S FORWARD`. */
export function readForward(text: string): { policy: string; rules: number; docker: boolean } {
  const lines = text.split("\n").filter((line) => line !== "");
  const policy = /^-P FORWARD (\w+)/m.exec(text)?.[1] ?? "ACCEPT";
  return { policy, rules: lines.length - 1, docker: /-j DOCKER/.test(text) };
}

/** The state of a socket that listens, in /proc/net/tcp (include/net/tcp_states.h). */
const LISTENING = "0A";

/** `/proc/net/tcp` or `tcp6`: the addresses on which somebody listens at a port. */
export function readListeners(text: string, port: number): readonly string[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", , state] = line.trim().split(/\s+/);
      const [address = "", number = ""] = local.split(":");
      if (state !== LISTENING || Number.parseInt(number, 16) !== port) return [];
      return [addressOf(address)];
    });
}

/** Words of 32 bits as the machine has them: each with its lowest byte first. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const words = bytes.flatMap((byte, i) =>
    i % 2 === 0 ? [((byte << 8) | (bytes[i + 1] ?? 0)).toString(16)] : [],
  );
  return words.join(":");
}

/** `gobgpd --version`. */
export function readVersion(text: string): string | undefined {
  return /(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
}

/** `vtysh -c 'show evpn vni json'`. */
export function readFrrVnis(json: string): readonly number[] {
  return Object.values(fieldsOf(JSON.parse(json))).flatMap((each) => {
    const { vni } = fieldsOf(each);
    return typeof vni === "number" ? [vni] : [];
  });
}

/** `vtysh -c 'show bgp l2vpn evpn json'`: what it has from others. */
export function readFrrRoutes(json: string): FrrFacts["routes"] {
  return Object.values(fieldsOf(JSON.parse(json))).flatMap((ofRd) => {
    const { rd, ...prefixes } = fieldsOf(ofRd);
    if (typeof rd !== "string") return [];
    return Object.values(prefixes).flatMap((prefix) => readFrrRoute(rd, fieldsOf(prefix)));
  });
}

function readFrrRoute(rd: string, prefix: Fields): readonly string[] {
  // FRR 8 nests the list of paths once more.
  const paths = listOf(prefix.paths, { isDeep: true });
  // Its own have no peer; of where they come from it says "external", as of an eBGP peer's.
  const path = paths.find(({ peerId }) => typeof peerId === "string" && peerId !== "(unspec)");
  const type = path?.routeType;
  if (path === undefined || (type !== 2 && type !== 3)) return [];
  return [routeKey({ type, rd, mac: textOf(path.mac) ?? null, ip: textOf(path.ip) ?? null })];
}

function listOf(value: unknown, { isDeep = false } = {}): readonly Fields[] {
  const list = Array.isArray(value) ? value : [];
  return (isDeep ? list.flat() : list).map(fieldsOf);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
