/** The drivers of the kernel's tables. */
import type { MacAddress } from "../evpn/mac.ts";
import type { TableName, Tables } from "../evpn/rows.ts";
import type { Listener } from "../mobility/observation.ts";
import type { Driver } from "../reconcile/driver.ts";
import type { RowDumps } from "./dumps.ts";
import { FdbDriver } from "./fdb-driver.ts";
import { FloodDriver, type FloodMemory } from "./flood-driver.ts";
import type { ForeignRows } from "./foreign-rows.ts";
import type { LinkTable } from "./link-table.ts";
import { NeighbourDriver } from "./neighbour-driver.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { LinuxNotice } from "./notice.ts";
import { RedirectDriver, type RedirectOptions } from "./redirect-driver.ts";
import type { Place } from "./segments.ts";

export const KERNEL_TABLES = ["fdb", "flood", "neighbour", "redirect"] as const;

type KernelTable = Extract<TableName, (typeof KERNEL_TABLES)[number]>;

/** As those see them who only write. */
export type TableDrivers = {
  readonly [T in KernelTable]: Driver<Tables[T]["key"], Tables[T]["row"]>;
};

export interface DriverParts {
  readonly netlink: NetlinkClient;
  readonly dumps: RowDumps;
  readonly links: LinkTable;
  readonly foreign: ForeignRows;
  readonly listener: Listener<LinuxNotice>;
  readonly taken: (place: Place, mac: MacAddress) => void;
}

export class KernelDrivers implements TableDrivers {
  readonly fdb: FdbDriver;
  readonly flood: FloodDriver;
  readonly neighbour: NeighbourDriver;
  readonly redirect: RedirectDriver;

  constructor(
    parts: DriverParts,
    options: RedirectOptions & { readonly floodMemory?: FloodMemory },
  ) {
    this.fdb = new FdbDriver(parts);
    this.flood = new FloodDriver({ ...parts, memory: options.floodMemory });
    this.neighbour = new NeighbourDriver(parts);
    this.redirect = new RedirectDriver(parts, options);
  }
}
