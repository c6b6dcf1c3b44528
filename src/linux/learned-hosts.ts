/**
 * Hosts that bridges have learned on their ports. A bridge learns whatever a port makes up, as many as
 * it likes, so of one port only so many are remembered; the others are told, and forgotten at once.
 */
import type { MacAddress } from "../evpn/mac.ts";
import type { BridgeVlan } from "./forwarding.ts";

export interface Learned {
  readonly bridge: BridgeVlan;
  readonly port: number;
  readonly mac: MacAddress;
}

/** Of one port; some megabytes. */
export const LEARNED_MAX = 16_384;

export class LearnedHosts {
  readonly #hosts = new Map<string, Learned>();
  readonly #counts = new Map<number, number>();

  values(): IterableIterator<Learned> {
    return this.#hosts.values();
  }

  entries(): IterableIterator<[string, Learned]> {
    return this.#hosts.entries();
  }

  get size(): number {
    return this.#hosts.size;
  }

  set(place: string, { bridge, port, mac }: Learned): void {
    this.delete(place);
    const count = this.#counts.get(port) ?? 0;
    if (count >= LEARNED_MAX) return;
    this.#counts.set(port, count + 1);
    this.#hosts.set(place, { bridge, port, mac });
  }

  delete(place: string): void {
    const host = this.#hosts.get(place);
    if (host === undefined) return;
    this.#hosts.delete(place);
    const count = (this.#counts.get(host.port) ?? 0) - 1;
    if (count > 0) this.#counts.set(host.port, count);
    else this.#counts.delete(host.port);
  }

  /** Whether the host may have been learned on this port, as far as is remembered. */
  mayBeAt(place: string, port: number): boolean {
    const host = this.#hosts.get(place);
    return host === undefined ? (this.#counts.get(port) ?? 0) >= LEARNED_MAX : host.port === port;
  }
}
