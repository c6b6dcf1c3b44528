/**
 * The floor of a restart: what stands in gobgpd and in the kernel is read, and nothing done with it.
 *
 *   node dumps.js ROUTES
 */
import { now } from "../../labs/runner/clock.ts";
import { openApi } from "../../src/gobgp/detect.ts";
import { openEndpoint } from "../../src/gobgp/endpoint.ts";
import { NetlinkDump } from "../../src/linux/netlink-conversation.ts";
import { MessageWriter, readMessages } from "../../src/wire/netlink.ts";
import { decodeNeighbour, writeNeighbourDump } from "../../src/wire/netlink-neighbour.ts";

const routes = Number(process.argv[2]);
const all = new AbortController();
const { signal } = all;
const api = await openApi(openEndpoint("127.0.0.1:50051", undefined), { now, signal });
let heard = 0;
const onPaths = (count: number): void => {
  heard += count;
  if (heard >= routes) all.abort();
};
await api
  .watch({ batchSize: 500, onPath: () => {}, onPaths, onPeerChange: () => {} }, signal)
  .catch(() => {});
api.close();

let entries = 0;
for (const family of ["bridge", "ipv4"] as const) {
  const request = new MessageWriter();
  writeNeighbourDump(request, family);
  const dump = new NetlinkDump(request.finish());
  for (;;) {
    const part = dump.next();
    if (part === undefined) break;
    for (const message of readMessages(part).messages) {
      if (decodeNeighbour(message).ok) entries++;
    }
  }
  dump.close();
}
process.stdout.write(`dumped ${heard} ${entries}\n`);
