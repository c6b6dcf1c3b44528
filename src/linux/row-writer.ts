/** Writes rows to the kernel, where one row may be several requests, and says what came of each. */
import type { Failure } from "../reconcile/driver.ts";
import { MessageWriter } from "../wire/netlink.ts";
import { type NeighbourRequest, writeNeighbour } from "../wire/netlink-neighbour.ts";
import { Errno, errnoName } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import type { WriteFailure } from "./netlink-conversation.ts";

/** What is to be done for one row. */
export type Plan<Key extends string> =
  | {
      readonly key: Key;
      readonly failure?: undefined;
      readonly requests: readonly NeighbourRequest[];
    }
  /** Why the row can not be written; `requests` take away what is left of it. */
  | {
      readonly key: Key;
      readonly failure: Failure<Key>;
      readonly requests?: readonly NeighbourRequest[];
    };

/** Whether the kernel is asked for anything. */
export function asks(plan: Plan<string> | undefined): boolean {
  return plan?.requests !== undefined && plan.requests.length > 0;
}

/** Carries out all plans, in order; `table` is its name in the sentence of a failure. */
export async function writeRows<Key extends string>(
  netlink: NetlinkClient,
  table: string,
  plans: readonly Plan<Key>[],
): Promise<readonly Failure<Key>[]> {
  const failures = new Map<Key, Failure<Key>>();
  const writer = new MessageWriter();
  /** Whose each request is. */
  const asked: { readonly key: Key; readonly request: NeighbourRequest }[] = [];
  for (const plan of plans) {
    if (plan.failure !== undefined) failures.set(plan.key, plan.failure);
    for (const request of plan.requests ?? []) {
      writeNeighbour(writer, request);
      asked.push({ key: plan.key, request });
    }
  }
  if (asked.length > 0) {
    for (const failed of await netlink.write(writer.finish())) {
      const what = asked[failed.index];
      if (what === undefined || (what.request.action === "delete" && isAbsent(failed))) continue;
      failures.set(what.key, explain(table, what, failed));
    }
  }
  return [...failures.values()];
}

/** To remove what is not there, or from a device that is not, is success. */
function isAbsent({ errno }: WriteFailure): boolean {
  return errno === Errno.ENOENT || errno === Errno.ENODEV || errno === Errno.ENXIO;
}

function explain<Key extends string>(
  table: string,
  { key, request }: { key: Key; request: NeighbourRequest },
  { errno, message }: WriteFailure,
): Failure<Key> {
  const verb = request.action === "delete" ? "remove" : "put";
  const said = message === undefined ? "" : ` (${message})`;
  const isUnfit = errno === Errno.EINVAL || errno === Errno.EAFNOSUPPORT;
  return {
    key,
    reason: `Cannot ${verb} ${table} row ${key}: ${errnoName(errno)}${said}`,
    kind: isUnfit && request.action !== "delete" ? "unfit" : "later",
  };
}

/** The device a row belongs to is not there: it comes, or the row will not be wanted any more. */
export function missingDevice<Key extends string>(
  table: string,
  key: Key,
  vni: number,
): Failure<Key> {
  const reason = `Cannot put ${table} row ${key}: no VXLAN device with vni ${vni} is there`;
  return { key, reason, kind: "later" };
}

export function foreignRow<Key extends string>(
  table: string,
  { key, description }: { key: Key; description: string },
): Failure<Key> {
  return { key, reason: `Cannot put ${table} row ${key}: ${description}`, kind: "foreign" };
}
