/**
 * The number in `router-id:number`. An RD of that form leaves 16 bits for it (RFC 4364 §4.2): a VNI
 * that fits is its own number, a larger one gets a free number.
 */
import type { Vni } from "../evpn/vni.ts";

const NUMBER_MAX = 0xffff;

export class RdNumbers {
  readonly #numbers = new Map<Vni, number>();
  readonly #taken = new Set<number>();

  /**
   * The number of this VNI, the same for as long as the process lives, and, where all VNIs are met
   * in the same order, after a restart. Two VNIs never share one: their routes would replace
   * each other in the RIB.
   */
  of(vni: Vni): number {
    const known = this.#numbers.get(vni);
    if (known !== undefined) return known;
    // A large VNI starts from the top, where small VNIs are rare.
    let number = vni <= NUMBER_MAX ? vni : NUMBER_MAX - (vni % 0x1000);
    while (this.#taken.has(number)) number = number === 1 ? NUMBER_MAX : number - 1;
    this.#numbers.set(vni, number);
    this.#taken.add(number);
    return number;
  }
}
