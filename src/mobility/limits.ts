/**
 * What one port and one host may cost: MACs per port, IPs per MAC (C7.18, C9.14). What is beyond is
 * not believed, whether a frame or the bridge tells of it; all that costs is a look into a map.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { PortName } from "../evpn/port.ts";

export interface LimitSettings {
  readonly macsPerPort: number;
  readonly ipsPerMac: number;
}

export const DEFAULT_LIMITS: LimitSettings = { macsPerPort: 1024, ipsPerMac: 32 };

/** MACs of which is remembered that they are at their limit. */
const MACS_MAX = 4096;

/** Well below the limit: one host that goes from a full port must not lead to another alert. */
function isWellBelow(count: number, limit: number): boolean {
  return count < limit - (limit >> 3);
}

export class Limits {
  readonly settings: LimitSettings;
  readonly #macs = new Map<PortName, number>();
  /** Those of which was told that they are at their limit. */
  readonly #fullPorts = new Set<PortName>();
  /** And when. */
  readonly #fullMacs = new Map<MacAddress, number>();

  constructor(settings: LimitSettings) {
    this.settings = settings;
  }

  /** A MAC of ours is at another port than before; `undefined`: at none. */
  moved(from: PortName | undefined, to: PortName | undefined): void {
    if (from === to) return;
    if (from !== undefined) this.#count(from, -1);
    if (to !== undefined) this.#count(to, 1);
  }

  /** How many MACs are behind it. */
  macsAt(port: PortName): number {
    return this.#macs.get(port) ?? 0;
  }

  /** Whether one more MAC may be behind the port. */
  mayJoin(port: PortName): boolean {
    const count = this.macsAt(port);
    if (isWellBelow(count, this.settings.macsPerPort)) this.#fullPorts.delete(port);
    return count < this.settings.macsPerPort;
  }

  /** Whether the MAC may have one more IP than it has. */
  mayHaveMore(mac: MacAddress, count: number): boolean {
    if (isWellBelow(count, this.settings.ipsPerMac)) this.#fullMacs.delete(mac);
    return count < this.settings.ipsPerMac;
  }

  /** Whether this has to be told: it was not, since the port was well below its limit. */
  portIsFull(port: PortName): boolean {
    if (this.#fullPorts.has(port)) return false;
    this.#fullPorts.add(port);
    return true;
  }

  /**
   * Whether this is new since the MAC was well below its limit; `again`: it has been so for long
   * enough for its IPs to be looked at once more.
   */
  macIsFull(mac: MacAddress, at: number, againAfterMs: number): "new" | "again" | "known" {
    const since = this.#fullMacs.get(mac);
    if (since !== undefined && at - since < againAfterMs) return "known";
    this.#fullMacs.delete(mac);
    this.#fullMacs.set(mac, at);
    if (this.#fullMacs.size > MACS_MAX) {
      for (const oldest of this.#fullMacs.keys()) {
        this.#fullMacs.delete(oldest);
        break;
      }
    }
    return since === undefined ? "new" : "again";
  }

  #count(port: PortName, by: number): void {
    const count = this.macsAt(port) + by;
    if (count > 0) this.#macs.set(port, count);
    else this.#macs.delete(port);
  }
}
