/** `snoop`: frames in which hosts say where they are, many of them, few among many, and none at all. */
import { setTimeout as sleep } from "node:timers/promises";
import { poll } from "../../labs/runner/poll.ts";
import type { BenchOptions } from "../bench-options.ts";
import { BRIDGE, Flooder, HOST_PORT, part, VM_PORT } from "../lab/assistants.ts";
import type { BenchLeaf } from "../lab/bench-leaf.ts";
import { Daemon } from "../lab/daemon.ts";
import type { Measurement } from "../measured.ts";
import type { FloodAnswer, FloodQuestion } from "../parts/flood.ts";
import { spreadOf } from "../statistics.ts";

const HOSTS = { first: 500_000, count: 256 };
/** Frames that were under way when we looked. */
const DRAIN_MS = 500;
/** ARP frames a second, which a listener hears before it is measured. */
const WARM_UP = 20_000;
/** The floor takes half as much again from one time to the next: of five, the ratio was chance. */
const REPEATS = 9;
/** Node tidies up now and then, in a second of its own choice. */
const QUIET_SAMPLES = 11;
/** gobgpd is asked every two seconds whether it is well: in a shorter time a daemon may do nothing at all. */
const QUIET_MS = 3000;
const SETTLE_MS = 10_000;
const METRICS = "http://127.0.0.1:9479/metrics";

interface Heard {
  /** Microseconds of CPU for each ARP frame that was heard. */
  readonly cpuUs: number;
  readonly lost: number;
  readonly flood: FloodAnswer;
}

/** Counts what a daemon has heard by now, in its own way. */
type Listener = { readonly daemon: Daemon; readonly heard: () => Promise<number> };

export async function measureSnoop(
  lab: BenchLeaf,
  { isSmoke, say }: BenchOptions,
): Promise<readonly Measurement[]> {
  const flooder = new Flooder({ fabric: lab.fabric, node: "host1" });
  const seconds = isSmoke ? 0.3 : 2;
  const repeats = isSmoke ? 1 : REPEATS;
  const flood: FloodQuestion = { crowd: HOSTS, perSecond: 300_000, seconds, arpOneIn: 1 };
  const mixed: FloodQuestion = { ...flood, perSecond: 500_000, arpOneIn: 100 };
  const measurements: Measurement[] = [];
  for (const [work, question] of [
    ["300k ARP a second", flood],
    ["1 ARP in 100 of 500k frames", mixed],
  ] as const) {
    const floor: Heard[] = [];
    const defaults: Heard[] = [];
    const unlimited: Heard[] = [];
    // One after the other, so that a busy moment of the machine is nobody's alone.
    for (let i = 0; i < repeats; i++) {
      floor.push(await floorHears(lab, flooder, question));
      defaults.push(await roamdHears(lab, flooder, { question, config: "defaults" }));
      unlimited.push(await roamdHears(lab, flooder, { question, config: "roamd" }));
    }
    const asked = question.perSecond;
    measurements.push(heardMeasurement(work, { ours: defaults, floor, asked }));
    measurements.push(heardMeasurement(`${work}, no limit`, { ours: unlimited, floor, asked }));
    say(`gobgpd: ${work}`);
  }
  const quiet = await measureQuiet(lab, { ports: isSmoke ? 5 : 200, isSmoke });
  return [quiet, ...measurements];
}

async function roamdHears(
  lab: BenchLeaf,
  flooder: Flooder,
  { question, config }: { question: FloodQuestion; config: "defaults" | "roamd" },
): Promise<Heard> {
  await lab.forgetRoamd();
  const daemon = lab.startRoamd(config);
  await daemon.said(['"kind":"ready"']);
  // Hosts that come are another matter.
  await lab.speakers.announce(HOSTS);
  await sleep(DRAIN_MS);
  const heard = async (): Promise<number> => {
    const fetching = `fetch("${METRICS}").then((a) => a.text()).then((t) => process.stdout.write(t))`;
    const text = await lab.fabric.run("leaf1", ["node", "-e", fetching]);
    const counts = [...text.matchAll(/^roamd_(?:signals|frames_ignored)_total\{.*\} (\d+)$/gm)];
    return counts
      .filter(([line]) => !line.includes('"data"') && !line.includes('"no-room"'))
      .reduce((sum, each) => sum + Number(each[1]), 0);
  };
  return await hear(flooder, question, { daemon, heard });
}

async function floorHears(
  lab: BenchLeaf,
  flooder: Flooder,
  question: FloodQuestion,
): Promise<Heard> {
  const daemon = new Daemon(lab.leaf, part("bare-ears", VM_PORT, HOST_PORT));
  await daemon.said(["ready"]);
  await lab.speakers.announce(HOSTS);
  await sleep(DRAIN_MS);
  const heard = async (): Promise<number> => Number(await daemon.answer("HUP"));
  return await hear(flooder, question, { daemon, heard });
}

async function hear(
  flooder: Flooder,
  question: FloodQuestion,
  { daemon, heard }: Listener,
): Promise<Heard> {
  // A daemon runs for months: what it costs until its code is compiled is another matter.
  const { seconds } = question;
  await flooder.flood({ ...question, arpOneIn: 1, perSecond: WARM_UP, seconds: 1.5 * seconds });
  await sleep(DRAIN_MS);
  const heardBefore = await heard();
  const cpuBefore = daemon.cpuMs();
  const flood = await flooder.flood(question);
  await sleep(DRAIN_MS);
  const cpuMs = daemon.cpuMs() - cpuBefore;
  const frames = (await heard()) - heardBefore;
  const [cpuUs, lost] = [(cpuMs * 1000) / frames, flood.arp - frames];
  await daemon.end("TERM");
  return { cpuUs, lost, flood };
}

function heardMeasurement(
  work: string,
  { ours, floor, asked }: { ours: readonly Heard[]; floor: readonly Heard[]; asked: number },
): Measurement {
  const share = (heard: readonly Heard[]): number => {
    const lost = heard.reduce((sum, each) => sum + each.lost, 0);
    return lost / heard.reduce((sum, { flood }) => sum + flood.arp, 0);
  };
  const perSecond = (heard: readonly Heard[]): number =>
    spreadOf(heard.map(({ flood }) => (flood.arp + flood.others) / flood.seconds)).median;
  const percent = (heard: readonly Heard[]): string => `${(share(heard) * 100).toFixed(2)} %`;
  const rate = (heard: readonly Heard[]): string => {
    const rates = heard.map(({ flood }) => (flood.arp + flood.others) / flood.seconds / 1000);
    return rates.map((each) => each.toFixed(0)).join(", ");
  };
  const offered = `sent ${rate(ours)} of ${asked / 1000} thousand a second (floor: ${rate(floor)})`;
  const lost = `lost ${percent(ours)} of the ARP frames, the floor ${percent(floor)}`;
  return {
    name: "snoop",
    work,
    what: "CPU for each ARP frame of a host that is here already",
    unit: "us",
    ours: ours.map(({ cpuUs }) => cpuUs),
    frr: undefined,
    floor: floor.map(({ cpuUs }) => cpuUs),
    targets: [
      { kind: "floor-median", atMost: 1.5 },
      // In a thousand, those that were under way when we looked.
      {
        kind: "beside",
        what: "share lost",
        is: share(ours),
        atMost: Math.max(0, share(floor)) + 0.001,
      },
      // Two processors that do something else besides can not send as many.
      {
        kind: "beside",
        what: "asked for by sent",
        is: asked / Math.min(perSecond(ours), perSecond(floor)),
        atMost: 1.1,
      },
    ],
    faults: share(ours) < -0.001 ? [`more ARP frames were heard than sent: ${lost}`] : [],
    notes: [`${lost}; ${offered}`],
  };
}

/** What roamd costs while nobody speaks, with two ports and with many. */
async function measureQuiet(
  lab: BenchLeaf,
  { ports, isSmoke }: { readonly ports: number; readonly isSmoke: boolean },
): Promise<Measurement> {
  const times = isSmoke ? 1 : QUIET_SAMPLES;
  const few = await quietCpu(lab, { times, ports: 2 });
  const names = Array.from({ length: ports }, (_, i) => `quiet${i}`);
  const lines = names.map((name) => `link add ${name} type veth peer name ${name}h\n`);
  const ups = names.map((name) => `link set ${name} master ${BRIDGE} addrgenmode none up\n`);
  await batch(lab, [...lines, ...ups]);
  const many = await quietCpu(lab, { times, ports: 2 + ports });
  await batch(
    lab,
    names.map((name) => `link del ${name}\n`),
  );
  return {
    name: "snoop",
    work: `${ports} quiet ports`,
    what: "CPU of roamd while nobody speaks; the floor is roamd with two ports",
    unit: "ms/s",
    ours: many,
    frr: undefined,
    floor: few,
    // Its health checks are what it does then.
    targets: [{ kind: "floor-median", atMost: 1.5 }],
    faults: [],
    notes: [],
  };
}

async function quietCpu(
  lab: BenchLeaf,
  { times, ports }: { readonly times: number; readonly ports: number },
): Promise<readonly number[]> {
  await lab.forgetRoamd();
  const daemon = lab.startRoamd();
  await daemon.said(['"kind":"ready"']);
  await poll(`roamd to listen at ${ports} ports`, async () => {
    const sockets = await lab.fabric.run("leaf1", ["cat", "/proc/net/packet"]);
    return sockets.trim().split("\n").length - 1 >= ports;
  });
  // Until what the start has left behind is tidied up.
  if (times > 1) await sleep(SETTLE_MS);
  const samples: number[] = [];
  for (let i = 0; i < times; i++) {
    const before = daemon.cpuMs();
    await sleep(QUIET_MS);
    samples.push(((daemon.cpuMs() - before) * 1000) / QUIET_MS);
  }
  await daemon.end("TERM");
  return samples;
}

async function batch(lab: BenchLeaf, lines: readonly string[]): Promise<void> {
  const script = `ip -batch - <<'END'\n${lines.join("")}END\n`;
  await lab.fabric.run("leaf1", ["sh", "-c", script]);
}
