/**
 * The demonstration: a virtual machine goes from leaf1 to leaf2, to the FRR leaf, and back, while
 * hosts talk to it. Run by `labs/demo.sh`, inside namespaces of its own. With `--json` the report is
 * all that goes to stdout. With the word `qemu` the machine is a real guest: see `qemu.ts`.
 */
import { type Leaf, roamCommand, Scene, VM } from "../runner/scene.ts";
import { type MeasuredMove, measureMove } from "./move.ts";
import { demonstrateQemu } from "./qemu.ts";

const ROUTE: readonly Leaf[] = ["leaf2", "leaf3", "leaf1"];

const json = process.argv.includes("--json");

function say(text: string): void {
  (json ? process.stderr : process.stdout).write(`${text}\n`);
}

async function demonstrate(scene: Scene): Promise<boolean> {
  await talk(scene);
  const moves: MeasuredMove[] = [];
  for (const to of ROUTE) {
    const move = await measureMove(scene, to);
    moves.push(move);
    say(story(move));
  }
  for (const leaf of scene.roamdLeaves) {
    const macs = await scene.fabric.run(leaf, roamCommand(["show", "macs"]));
    say(`${leaf}# roam show macs\n${macs}`);
  }
  const macs = await scene.fabric.run("leaf3", ["vtysh", "-c", "show evpn mac vni 10"]);
  say(`leaf3# vtysh -c 'show evpn mac vni 10'\n${macs}`);

  const ok = moves.every(
    ({ report }) => report.remoteFdbMs !== null && report.oldWithdrawnMs !== null,
  );
  say(ok ? "The machine moved everywhere." : "The machine did NOT move everywhere.");
  if (json) console.log(JSON.stringify({ ok, moves: moves.map(({ report }) => report) }));
  return ok;
}

async function talk(scene: Scene): Promise<void> {
  for (const [host, address] of [
    ["host1", "192.168.10.3"],
    ["host3", VM.ipv4],
    ["host2", VM.ipv6],
  ] as const) {
    const answer = await scene.fabric.run(host, ["ping", "-c", "1", "-w", "5", address]);
    say(`${host}# ping ${address}: ${/time=(\S+ ms)/.exec(answer)?.[1] ?? "no answer"}`);
  }
  say("");
}

function story({ report, talker, steps }: MeasuredMove): string {
  const { from, to, sent, lost } = report;
  const lines = steps.map(({ atMs, what }) => `${atMs.toFixed(1).padStart(8)} ms  ${what}`);
  const loss = `${talker} sent ${sent} packets, 1000 a second; lost ${lost}`;
  return [`${from} -> ${to}`, ...lines, `             ${loss}`, ""].join("\n");
}

async function run(): Promise<boolean> {
  if (process.argv.includes("qemu")) return demonstrateQemu(say, json);
  say("Building the fabric: a spine, leaf1 and leaf2 with gobgpd and roamd, leaf3 with FRR");
  await using scene = await Scene.set();
  return await demonstrate(scene);
}

process.exitCode = (await run()) ? 0 : 1;
