/** `roamd`: what the operator has asked for is read and checked here, and then the daemon runs. */
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { CommanderError } from "commander";
import { stringify } from "yaml";
import { now } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load.ts";
import { defaultConfig } from "./config/schema.ts";
import { runDaemon } from "./daemon.ts";
import { err, ok, type Result } from "./evpn/result.ts";
import { type Flags, type ProvisionFlags, roamdCommand } from "./flags.ts";
import { tryProvision } from "./linux/provision.ts";
import { replay } from "./replay.ts";
import { createLog } from "./report/log.ts";
import { Recorder } from "./report/recorder.ts";
import { provisionOf, settingsOf } from "./settings.ts";
import { version } from "./version.ts";

const EXIT = { fine: 0, broken: 1, usage: 2 } as const;

/** Answers with what the process is to end, when it is over. */
export async function roamd(netlinkWorker?: Worker): Promise<number> {
  try {
    return await run(netlinkWorker);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has said it already.
    return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  }
}

async function run(netlinkWorker: Worker | undefined): Promise<number> {
  let provisioning: ProvisionFlags | undefined;
  const command = roamdCommand((chosen) => {
    provisioning = chosen;
  });
  const flags = command.parse().opts<Flags>();
  if (flags.replay !== undefined) {
    const replayed = await replay(flags.replay, (line) => process.stdout.write(`${line}\n`));
    return replayed.ok ? EXIT.fine : complain([replayed.error], EXIT.broken);
  }
  const config = readConfig(flags);
  if (!config.ok) return complain(config.error, EXIT.usage);
  if (flags.check === true) return EXIT.fine;
  if (provisioning !== undefined) return provisionOnce(config.value, provisioning);

  const recorder =
    flags.record === undefined
      ? undefined
      : Recorder.open(flags.record, { version: version(), settings: settingsOf(config.value) });
  if (recorder?.ok === false) return complain([recorder.error], EXIT.broken);
  using _recorder = recorder?.value;

  const log = createLog({ level: flags.logLevel, now });
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  const observeOnly = flags.observeOnly === true;
  const options = { config: config.value, version: version(), observeOnly, log, netlinkWorker };
  const done = await runDaemon({ ...options, recorder: recorder?.value }, stop.signal);
  return done.ok ? EXIT.fine : complain([done.error], EXIT.broken);
}

function provisionOnce(config: Config, { remove, dryRun }: ProvisionFlags): number {
  const requests = provisionOf(config);
  if (requests.length === 0 && remove !== true) {
    return complain(["No MAC-VRF of the configuration has provision: true"], EXIT.usage);
  }
  const news = tryProvision(requests, { away: remove === true, dryRun: dryRun === true });
  if (!news.ok) return complain([news.error], EXIT.broken);
  const would = dryRun === true ? "Would have " : "";
  const done = news.value.filter(({ isFailure }) => !isFailure);
  for (const { sentence } of done) {
    const text = `${would}${sentence}`;
    process.stdout.write(`${text.charAt(0).toUpperCase()}${text.slice(1)}\n`);
  }
  if (news.value.length === 0) process.stdout.write("Nothing to do\n");
  const failures = news.value.filter(({ isFailure }) => isFailure);
  return complain(
    failures.map(({ sentence }) => sentence),
    failures.length === 0 ? EXIT.fine : EXIT.broken,
  );
}

/** The file's words, and over them those of the command line, which are checked as those are. */
function readConfig(flags: Flags): Result<Config, readonly string[]> {
  const file = flags.config === undefined ? ok(defaultConfig) : readConfigFile(flags.config);
  const said = stringify({
    gobgp: { address: flags.gobgp },
    control: { socket: flags.control },
    http: flags.http,
    state: flags.state,
  });
  const line = readText(said, "the command line");
  if (!file.ok || !line.ok) return err([file, line].flatMap((each) => (each.ok ? [] : each.error)));
  const { gobgp, control, http, state } = line.value;
  const { value } = file;
  return ok({
    ...value,
    gobgp: flags.gobgp === undefined ? value.gobgp : { ...value.gobgp, address: gobgp.address },
    control:
      flags.control === undefined ? value.control : { ...value.control, socket: control.socket },
    http: flags.http === undefined ? value.http : http,
    state: flags.state === undefined ? value.state : state,
    keepOnExit: flags.keepOnExit ?? value.keepOnExit,
  });
}

function readConfigFile(file: string): Result<Config, readonly string[]> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return err([`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  return readText(text, file);
}

function readText(text: string, file: string): Result<Config, readonly string[]> {
  const config = loadConfig(text, file);
  return config.ok ? config : err(config.error.map(({ message }) => message));
}

function complain(sentences: readonly string[], exit: number): number {
  for (const sentence of sentences) process.stderr.write(`roamd: ${sentence}\n`);
  return exit;
}
