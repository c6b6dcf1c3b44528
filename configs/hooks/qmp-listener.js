#!/usr/bin/env node
/**
 * Listens to one QEMU, and says to roamd on the same leaf what it hears: the word of the hypervisor,
 * at the moment it becomes true rather than when a frame tells.
 *
 *   node qmp-listener.js --qmp /run/vm7.qmp --nic 52:54:00:12:34:56=tap7 [--vni 10] [--control SOCKET]
 *
 * A QMP monitor has one client at a time, so give QEMU one more for us (libvirt: in <qemu:commandline>):
 *
 *   -qmp unix:/run/vm7.qmp,server=on,wait=off
 *
 * `--nic` may be given several times: the guest's MAC, and the bridge port of its interface. Run it
 * where it lies in the installed package: it says its words as `roam` does, but without starting a
 * program for each, because that takes longer than a guest stands still.
 *
 * | QEMU                              | at the source         | at the target         |
 * |-----------------------------------|-----------------------|-----------------------|
 * | runs a guest, or begins to        | attach                |                       |
 * | waits for a migration             |                       | migrate start         |
 * | MIGRATION setup, active           | migrate start         |                       |
 * | STOP during a migration           | migrate suspend       |                       |
 * | RESUME                            | migrate abort         | migrate land          |
 * | MIGRATION completed               |                       | migrate commit        |
 * | MIGRATION failed, cancelled       | migrate abort         |                       |
 * | ends                              | migrate commit, if it | migrate abort         |
 * |                                   | was completed; detach |                       |
 *
 * The source knows that all memory is sent before the target runs the guest, and the target may
 * still fail: so the source's word that it is over is its end, which its manager brings about.
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { run } from "../../dist/src/cli/command.js";

const { values } = parseArgs({
  options: {
    qmp: { type: "string" },
    nic: { type: "string", multiple: true },
    vni: { type: "string" },
    control: { type: "string" },
  },
});
const nics = (values.nic ?? []).map((nic) => {
  const [mac = "", port = ""] = nic.split("=");
  return { mac, port };
});
if (values.qmp === undefined || nics.length === 0 || nics.some(({ port }) => port === "")) {
  process.stderr.write("usage: qmp-listener.js --qmp SOCKET --nic MAC=PORT...\n");
  process.exit(2);
}
const control = values.control === undefined ? [] : ["--control", values.control];
const vni = values.vni === undefined ? [] : ["--vni", values.vni];

const io = {
  out: (text) => log(text),
  err: (text) => log(text),
  colour: false,
  signal: new AbortController().signal,
};

function log(text) {
  process.stderr.write(`${new Date().toISOString()} ${text}`);
  return Promise.resolve();
}

/** One word after the other, in the order of what has happened. */
let turn = Promise.resolve();
function roam(words, { mac, port, withPort }) {
  const behind = withPort ? ["--port", port] : [];
  const said = [...words, mac, ...behind, ...vni];
  turn = turn.then(async () => {
    await log(`roam ${said.join(" ")}\n`);
    await run([...control, ...said], io);
  });
}

function say(...words) {
  const withPort = words[0] !== "migrate" || words[1] === "land";
  for (const nic of nics) roam(words, { ...nic, withPort });
}

/**
 * Where the guest is: `nowhere` yet, `coming` (it waits for its memory), `landed`, `here`, `going`
 * (its memory is copied), `still` for the end of that, `sent`, or `gone`.
 */
let phase = "nowhere";

function become(next, ...words) {
  phase = next;
  say(...words);
}

const reactions = {
  RESUME() {
    if (phase === "nowhere") become("here", "attach");
    else if (phase === "coming") become("landed", "migrate", "land");
    // The target could not take it, or the migration was called off.
    else if (phase === "still" || phase === "sent") become("here", "migrate", "abort");
  },
  STOP() {
    if (phase === "going") become("still", "migrate", "suspend");
  },
  MIGRATION({ status }) {
    const isMoving = phase === "going" || phase === "still";
    if (status === "completed" && phase === "landed") become("here", "migrate", "commit");
    else if (status === "completed" && isMoving) phase = "sent";
    else if (isMoving && (status === "failed" || status === "cancelled")) {
      become("here", "migrate", "abort");
    } else if (phase === "here" && (status === "setup" || status === "active")) {
      become("going", "migrate", "start");
    }
  },
};

/** QEMU is no more, and its guest with it unless it has left before. */
function ended() {
  if (phase === "coming") say("migrate", "abort");
  else if (phase === "sent") say("migrate", "commit");
  else if (phase !== "nowhere") say("detach");
}

const socket = connect(values.qmp);
socket.on("error", (error) => {
  process.stderr.write(`Cannot hear QEMU at ${values.qmp}: ${error.message}\n`);
  process.exitCode = 1;
});
socket.on("close", ended);

function ask(id, execute, args) {
  socket.write(`${JSON.stringify({ id, execute, arguments: args })}\n`);
}

const lines = createInterface({ input: socket });
// The socket's errors come here too.
lines.on("error", () => undefined);
lines.on("line", (line) => {
  const { QMP, id, return: answer, event, data } = JSON.parse(line);
  if (QMP !== undefined) {
    ask("ready", "qmp_capabilities");
    const capabilities = [{ capability: "events", state: true }];
    ask("events", "migrate-set-capabilities", { capabilities });
    ask("status", "query-status");
  } else if (id === "status") {
    // What was before we came; a migration that is under way already is heard of by its next event.
    if (answer.status === "inmigrate") {
      become("coming", "migrate", "start");
    } else if (answer.running) {
      become("here", "attach");
    }
  } else if (event !== undefined) {
    reactions[event]?.(data ?? {});
  }
});
