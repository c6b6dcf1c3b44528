/**
 * `npm run lab -- move LEAF [SIGNAL...]`: moves the machine by hand. Runs in the node `vm`, whose leg
 * in leafN is ethN.
 */
import { Hypervisor } from "./hypervisor.ts";
import { USUAL_SIGNALS } from "./machine.ts";
import { frameOf, type GuestSignal, SIGNALS } from "./signals.ts";

const LEGS = ["eth1", "eth2", "eth3"];

function move([leaf = "", ...words]: readonly string[]): void {
  const leg = leaf.replace("leaf", "eth");
  if (!LEGS.includes(leg))
    throw new Error(`Cannot move to "${leaf}": it is none of leaf1, leaf2, leaf3`);
  const signals = words.length === 0 ? USUAL_SIGNALS : words.map(readSignal);
  const hypervisor = new Hypervisor(LEGS);
  hypervisor.plug(leg);
  for (const signal of signals) hypervisor.send(frameOf(signal, hypervisor.guest));
  console.log(`The machine is at ${leaf}, and has said so by ${signals.join(", ") || "nothing"}`);
}

function readSignal(word: string): GuestSignal {
  const signal = SIGNALS.find((each) => each === word);
  if (signal === undefined) {
    throw new Error(`Cannot signal by "${word}": it is none of ${SIGNALS.join(", ")}`);
  }
  return signal;
}

try {
  move(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
