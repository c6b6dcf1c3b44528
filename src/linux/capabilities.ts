/** Asks at the start for what will be needed later, so that its lack is one sentence. */
import { readFileSync } from "node:fs";
import { MessageWriter } from "../wire/netlink.ts";
import { NeighbourFlag, writeNeighbour } from "../wire/netlink-neighbour.ts";
import { Errno, LinuxError } from "./linux-error.ts";
import type { NetlinkClient } from "./netlink-client.ts";
import { ZERO_MAC } from "./ownership.ts";
import { closePacketSocket, openPacketSocket } from "./socket.ts";

/** An interface that no machine has. */
const NO_INTERFACE = 0x7fff_ffff;

export async function requireCapabilities(
  netlink: NetlinkClient,
  { readOnly }: { readOnly: boolean },
): Promise<void> {
  requireNetRaw();
  if (!readOnly) await requireNetAdmin(netlink);
}

function requireNetRaw(): void {
  try {
    closePacketSocket(openPacketSocket());
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
    throw new LinuxError("Cannot open a packet socket", error.errno, "it needs CAP_NET_RAW");
  }
}

/** Tries to remove what can not be there: the kernel looks at who asks before it looks at what. */
async function requireNetAdmin(netlink: NetlinkClient): Promise<void> {
  const writer = new MessageWriter();
  writeNeighbour(writer, {
    action: "delete",
    family: "bridge",
    ifindex: NO_INTERFACE,
    state: 0,
    flags: NeighbourFlag.self,
    mac: ZERO_MAC,
    dst: undefined,
    protocol: 0,
  });
  const [failure] = await netlink.write(writer.finish());
  if (failure?.errno !== Errno.EPERM) return;
  throw new LinuxError("Cannot write forwarding entries", Errno.EPERM, "it needs CAP_NET_ADMIN");
}

/** What this process may do, hexadecimal as in proc(5); `undefined` where that can not be read. */
export function effectiveCapabilities(): string | undefined {
  try {
    return /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
