/**
 * Where frames are received, a batch at a time, by one socket after the other: what is in it has been
 * read when the next gets its turn.
 */
import { META_PER_DATAGRAM, Meta } from "./native.ts";

/** Frames of one batch at the most. */
export const SLOTS = 64;
/** More than an Ethernet frame; of a longer one, what we read stands at its beginning. */
const SLOT_SIZE = 2048;

const TP_STATUS_VLAN_VALID = 0x10;
const VLAN_ID = 0xfff;

export class Frames {
  readonly slotSize: number = SLOT_SIZE;
  readonly slab: Uint8Array = new Uint8Array(SLOTS * SLOT_SIZE);
  readonly meta: Int32Array = new Int32Array(SLOTS * META_PER_DATAGRAM);
  /** Views of the slab, by slot. */
  readonly #views: Uint8Array[] = [];

  /** What is in a slot until the next batch is received. */
  at(slot: number): Uint8Array {
    const length = Math.min(this.meta[slot * META_PER_DATAGRAM + Meta.length] ?? 0, SLOT_SIZE);
    // Most frames are as long as the one before in their slot: then its view serves again.
    const known = this.#views[slot];
    if (known?.length === length) return known;
    const view = this.slab.subarray(slot * SLOT_SIZE, slot * SLOT_SIZE + length);
    this.#views[slot] = view;
    return view;
  }

  /** The VLAN of the frame in a slot; 0: it has no tag. */
  tagAt(slot: number): number {
    const at = slot * META_PER_DATAGRAM;
    const isTagged = ((this.meta[at + Meta.status] ?? 0) & TP_STATUS_VLAN_VALID) !== 0;
    return isTagged ? (this.meta[at + Meta.vlanTag] ?? 0) & VLAN_ID : 0;
  }
}
