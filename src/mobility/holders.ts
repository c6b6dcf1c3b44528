/** Which MACs hold an IP by anyone's word: nearly always one, which is then kept without a set. */
import type { IpAddress } from "../evpn/ip.ts";
import type { MacAddress } from "../evpn/mac.ts";

export class Holders {
  readonly #macs = new Map<IpAddress, MacAddress | Set<MacAddress>>();

  ips(): IterableIterator<IpAddress> {
    return this.#macs.keys();
  }

  of(ip: IpAddress): readonly MacAddress[] {
    const known = this.#macs.get(ip);
    if (known === undefined) return [];
    return typeof known === "string" ? [known] : [...known];
  }

  add(ip: IpAddress, mac: MacAddress): void {
    const known = this.#macs.get(ip);
    if (known === undefined) this.#macs.set(ip, mac);
    else if (typeof known !== "string") known.add(mac);
    else if (known !== mac) this.#macs.set(ip, new Set([known, mac]));
  }

  /** Answers whether nobody holds it any more. */
  delete(ip: IpAddress, mac: MacAddress): boolean {
    const known = this.#macs.get(ip);
    if (known instanceof Set) known.delete(mac);
    const isLast = known === mac || (known instanceof Set && known.size === 0);
    return isLast && this.#macs.delete(ip);
  }
}
