/**
 * Where a leaf's kernel sends the frames for a MAC, and since when: told by `bridge monitor`, which
 * is none of the parts under test.
 */
import type { Fabric } from "./fabric.ts";
import { onLine } from "./lines.ts";
import { poll } from "./poll.ts";

/** A port's name, a VTEP's address, or `null`: nowhere, hence to all. */
export type FdbPlace = string | null;

interface Entry {
  /** The bridge's rows: the device of each. */
  readonly devices: Set<string>;
  /** The VXLAN device's rows: the VTEP of each. */
  readonly vteps: Set<string>;
  place: FdbPlace;
  since: number;
  /** All it has been at, one after the other. */
  readonly places: FdbPlace[];
}

const VXLAN = "vxlan10";

const LISTENING = "listening";
/** What changes before the monitor's socket is bound, nobody tells: it says when it is. */
const MONITOR = `bridge -t monitor fdb &
until awk -v pid=$! '$2 == 0 && $3 == pid && $4 !~ /^0*$/ { found = 1 } END { exit !found }' /proc/net/netlink
do sleep 0.01; done
echo ${LISTENING}
wait`;

export class FdbWatch {
  readonly leaf: string;
  readonly #entries = new Map<string, Entry>();
  /** Of the line before, which is nothing but a time. */
  #at = 0;

  constructor(leaf: string) {
    this.leaf = leaf;
  }

  static async start(fabric: Fabric, leaf: string): Promise<FdbWatch> {
    const watch = new FdbWatch(leaf);
    const child = fabric.spawn(leaf, ["sh", "-c", MONITOR], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
    });
    let listening = false;
    let later: string[] | undefined = [];
    onLine(child, (line) => {
      if (line === LISTENING) listening = true;
      else if (later === undefined) watch.#hear(line);
      else later.push(line);
    });
    await poll(`bridge monitor to listen on ${leaf}`, () => listening);
    // What stands already, and only then what changed meanwhile.
    for (const line of (await fabric.run(leaf, ["bridge", "fdb", "show"])).split("\n")) {
      watch.#hear(line);
    }
    for (const line of later) watch.#hear(line);
    later = undefined;
    return watch;
  }

  placeOf(mac: string): FdbPlace {
    return this.#entries.get(mac)?.place ?? null;
  }

  /** Where the MAC has been so far, one after the other. */
  placesOf(mac: string): readonly FdbPlace[] {
    return [...(this.#entries.get(mac)?.places ?? [])];
  }

  /** All MACs that are at this VTEP or port. */
  at(place: string): readonly string[] {
    return [...this.#entries].filter(([, entry]) => entry.place === place).map(([mac]) => mac);
  }

  /** Answers since when the MAC is at that place, milliseconds since the epoch. */
  until(mac: string, place: FdbPlace, timeoutMs?: number): Promise<number> {
    const what = `${this.leaf} to have ${mac} at ${place ?? "no place"}`;
    return poll(
      what,
      () => {
        const entry = this.#entries.get(mac);
        return (entry?.place ?? null) === place ? (entry?.since ?? 0) : undefined;
      },
      {
        everyMs: 5,
        otherwise: () => JSON.stringify(this.placeOf(mac)),
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      },
    );
  }

  #hear(line: string): void {
    const time = /^Timestamp: (.*) (\d+) usec/.exec(line);
    if (time !== null) {
      this.#at = Date.parse(`${time[1]} UTC`) + Number(time[2]) / 1000;
      return;
    }
    const row = /^(Deleted )?([0-9a-f:]{17}) dev (\S+)(.*)/.exec(line);
    if (row === null) return;
    const [, deleted, mac = "", device = "", rest = ""] = row;
    const vtep = / dst (\S+)/.exec(rest)?.[1];
    const entry = this.#entry(mac);
    if (vtep !== undefined) replace(entry.vteps, vtep, deleted === undefined);
    else if (rest.includes(" master ")) replace(entry.devices, device, deleted === undefined);
    const place = placeOf(entry);
    if (place !== entry.place) {
      entry.place = place;
      entry.since = this.#at;
      entry.places.push(place);
    }
  }

  #entry(mac: string): Entry {
    let entry = this.#entries.get(mac);
    if (entry === undefined) {
      entry = { devices: new Set(), vteps: new Set(), place: null, since: 0, places: [] };
      this.#entries.set(mac, entry);
    }
    return entry;
  }
}

/** A row replaces the one of its kind; the kernel says so by the new row alone. */
function replace(rows: Set<string>, row: string, stands: boolean): void {
  if (stands) {
    rows.clear();
    rows.add(row);
  } else {
    rows.delete(row);
  }
}

function placeOf({ devices, vteps }: Entry): FdbPlace {
  const [device = null] = devices;
  if (device !== VXLAN) return device;
  const [vtep = null] = vteps;
  return vtep;
}
