/**
 * The floor of hearing: a packet socket with roamd's filter on each port, whose frames are counted and
 * not looked at. Asked by SIGHUP, it says how many there were.
 *
 *   node bare-ears.js PORT...
 */
import { readFileSync } from "node:fs";
import { META_PER_DATAGRAM } from "../../src/linux/native.ts";
import { HOST_SIGNS } from "../../src/linux/packet-filter.ts";
import {
  enlargeReceiveBuffer,
  listenOnInterface,
  openPacketSocket,
} from "../../src/linux/socket.ts";

const SLOTS = 64;
const SLOT_SIZE = 2048;
const slab = new Uint8Array(SLOTS * SLOT_SIZE);
const meta = new Int32Array(SLOTS * META_PER_DATAGRAM);
let heard = 0;

const ears = process.argv.slice(2).map((port) => {
  const socket = openPacketSocket();
  enlargeReceiveBuffer(socket, 8 << 20);
  const ifindex = Number(readFileSync(`/sys/class/net/${port}/ifindex`, "utf8"));
  listenOnInterface(socket, { ifindex, filter: HOST_SIGNS });
  const received = (count: number): void => {
    heard += count;
  };
  socket.start(slab, SLOT_SIZE, meta, received, 2);
  return socket;
});
process.stdout.write("ready\n");
process.on("SIGHUP", () => {
  process.stdout.write(`${heard}\n`);
});
process.once("SIGTERM", () => {
  for (const ear of ears) ear.close();
});
