/**
 * The tables of nf_tables that are ours: that their rules stand, one chain for each VXLAN device, and
 * what their set holds. What the rules are stands in `redirect-rules.ts`.
 */
import type { MacAddress } from "../evpn/mac.ts";
import { chainDump, elementDump, elementQuestion, type Transaction } from "../wire/nftables.ts";
import { decodeElements, decodeSubject, type StandingElement } from "../wire/nftables-read.ts";
import type { LinkTable } from "./link-table.ts";
import { errnoName, LinuxError } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { WriteFailure } from "./netlink-conversation.ts";
import { NftMonitor } from "./nft-monitor.ts";
import {
  attach,
  chainOf,
  common,
  FRAMES,
  isOfDevice,
  MOVED,
  nothing,
  readMovedKey,
} from "./redirect-rules.ts";
import type { Place } from "./segments.ts";

/** Devices per transaction: a message has to fit the socket's buffer. */
const DEVICES = 64;

/** A MAC whose frames are redirected. */
export interface Standing extends StandingElement {
  readonly device: number;
  readonly mac: MacAddress;
}

export interface RedirectTableParts {
  readonly netlink: NetlinkClient;
  readonly links: LinkTable;
  /** Others have changed the rules: they are to be completed. */
  readonly disturbed: () => void;
}

export class RedirectTable implements Disposable {
  readonly #parts: RedirectTableParts;
  /** The rules stand, as far as we know. */
  #isWhole = false;
  /** The chains of devices that stood when the rules were last completed. */
  #attached: ReadonlySet<string> = new Set();
  #monitor: NftMonitor | undefined;

  constructor(parts: RedirectTableParts) {
    this.#parts = parts;
  }

  [Symbol.dispose](): void {
    this.#monitor?.[Symbol.dispose]();
  }

  /** Puts the rules; answers why it can not be. */
  async start(): Promise<string | undefined> {
    const { netlink } = this.#parts;
    try {
      const failure = await netlink.commit(common().finish());
      if (failure !== undefined) {
        // Of another version of ours, perhaps.
        await netlink.commit(nothing().finish());
        const again = await netlink.commit(common().finish());
        if (again !== undefined) return sentenceOf("Cannot put the rules", again);
      }
      this.#isWhole = true;
      this.#monitor = new NftMonitor({
        table: FRAMES.table,
        ownPorts: () => netlink.nftPorts,
        disturbed: () => {
          this.#isWhole = false;
          this.#parts.disturbed();
        },
      });
      return undefined;
    } catch (error) {
      if (error instanceof LinuxError) return error.message;
      throw error;
    }
  }

  /** Deletes all that is ours. */
  async remove(): Promise<void> {
    // Where it can not be written, nothing of ours stands.
    await this.#parts.netlink.commit(nothing().finish()).catch(() => undefined);
  }

  /** Something was found missing. */
  doubt(): void {
    this.#isWhole = false;
  }

  /** Puts what is missing of the rules. */
  async complete(): Promise<void> {
    const { netlink, links } = this.#parts;
    const commit = async (transaction: Transaction): Promise<void> => {
      const failure = await netlink.commit(transaction.finish());
      if (failure === undefined) return;
      this.#isWhole = false;
      throw new Error(sentenceOf("Cannot put the rules that redirect frames", failure));
    };
    if (!this.#isWhole) await commit(common());
    const chains = await this.#chains();
    // Chains may stand without their rule.
    const isThere = (chain: string): boolean => this.#isWhole && chains.has(chain);
    const places = [...links.places.values()].filter(({ isShared }) => !isShared);
    const missing = places.filter((place) => !isThere(chainOf(place)));
    const wanted = new Set(places.map(chainOf));
    const stale = [...chains].filter((chain) => isOfDevice(chain) && !wanted.has(chain));
    for (let first = 0; first < missing.length; first += DEVICES) {
      await commit(attach(missing.slice(first, first + DEVICES), []));
    }
    for (let first = 0; first < stale.length; first += DEVICES) {
      await commit(attach([], stale.slice(first, first + DEVICES)));
    }
    this.#isWhole = true;
    this.#attached = wanted;
  }

  /** Whether its frames are looked at. */
  isAttached(place: Place): boolean {
    return this.#attached.has(chainOf(place));
  }

  /** Makes changes to the set; answers why none was made. */
  commit(transaction: Transaction): Promise<WriteFailure | undefined> {
    return this.#parts.netlink.commit(transaction.finish());
  }

  /** All elements that stand. */
  elements(): Promise<readonly Standing[]> {
    return this.#read(elementDump(FRAMES, MOVED));
  }

  /** Those with these keys, all of which have to stand: else it rejects with ENOENT. */
  elementsAt(keys: readonly Uint8Array[]): Promise<readonly Standing[]> {
    return this.#read(elementQuestion(FRAMES, MOVED, keys));
  }

  async #read(request: Uint8Array): Promise<readonly Standing[]> {
    const standing: Standing[] = [];
    await this.#parts.netlink.dump(
      request,
      (message) => {
        const elements = decodeElements(message);
        for (const element of elements.ok ? elements.value : []) {
          const key = readMovedKey(element.key);
          if (key !== undefined) standing.push({ ...element, ...key });
        }
      },
      { protocol: "netfilter" },
    );
    return standing;
  }

  async #chains(): Promise<ReadonlySet<string>> {
    const chains = new Set<string>();
    await this.#parts.netlink.dump(
      chainDump(FRAMES.family),
      (message) => {
        const subject = decodeSubject(message);
        if (subject.ok && subject.value.table === FRAMES.table) chains.add(subject.value.chain);
      },
      { protocol: "netfilter" },
    );
    return chains;
  }
}

export function sentenceOf(action: string, { errno, message }: WriteFailure): string {
  const said = message === undefined ? "" : ` (${message})`;
  return `${action}: ${errnoName(errno)}${said}`;
}
