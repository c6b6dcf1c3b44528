/**
 * The one straight way through the program:
 *
 *   source -> observe -> engine -> rows wanted -> reconcile -> kernel, GoBGP
 *
 * This file knows all the rooms. Read it first.
 */
import { aborted } from "./aborted.ts";
import { attempted } from "./attempted.ts";
import { now, timeOfDay } from "./clock.ts";
import type { Config } from "./config/config.ts";
import { listen } from "./control/server.ts";
import { ok, type Result } from "./evpn/result.ts";
import type { RouteDistinguisher } from "./evpn/route-distinguisher.ts";
import type { RowAt } from "./evpn/rows.ts";
import { firstOfMany } from "./first-of-many.ts";
import { giveBackAfter } from "./give-back.ts";
import { type Gobgp, openGobgp } from "./gobgp/speaker.ts";
import { Keeping } from "./keeping.ts";
import { effectiveCapabilities } from "./linux/capabilities.ts";
import { type Kernel, type KernelOptions, makeKernel } from "./linux/kernel.ts";
import { Engine } from "./mobility/engine.ts";
import { isOutranked, isToldAlone } from "./mobility/mac-entry.ts";
import type { Notice } from "./mobility/notice.ts";
import type { Listener, Observation } from "./mobility/observation.ts";
import { type Decision, NOTHING, saysOrKeeps } from "./mobility/outbox.ts";
import { obey } from "./obey.ts";
import { atTurnsEnd, notOftener, whenQuiet } from "./pace.ts";
import { pathsOf } from "./paths.ts";
import { keepDevices } from "./provisioning.ts";
import { serveHttp } from "./report/http.ts";
import type { Logger } from "./report/log.ts";
import { Metrics } from "./report/metrics.ts";
import type { AnyNotice } from "./report/notices.ts";
import type { Recorder } from "./report/recorder.ts";
import { Reporter } from "./report/reporter.ts";
import { Mouth } from "./say.ts";
import { kernelSettingsOf, settingsOf } from "./settings.ts";
import { earlier, Sleeper } from "./sleeper.ts";
import { metricsOf, type Shown, snapshotOf } from "./snapshot.ts";
import { Tables } from "./tables.ts";

export interface DaemonOptions {
  readonly config: Config;
  readonly version: string;
  /** Decide and show everything, write nothing. */
  readonly observeOnly: boolean;
  /** Where everything that is observed is written to, for `--replay`; `undefined`: nowhere. */
  readonly recorder: Recorder | undefined;
  readonly log: Logger;
  readonly netlinkWorker?: KernelOptions["netlinkWorker"];
}

/** How long the peers are waited for when we leave: somebody else may want to stop us for good. */
const WITHDRAW_MS = 3000;

/** A move is followed within milliseconds; a rack that is evacuated takes seconds. */
const REPORT_LATER = { quietMs: 20, atMostMs: 2000 } as const;

/** The kernel tells of nearly everything as it happens; what it does not tell is found this late. */
const LOOK_EVERY_MS = 60_000;

/** No route tells so soon of a host elsewhere: it has come through two gobgpd, a millisecond each. */
const HEAR_EVERY_MS = 1;

/** Runs until `stop` aborts; answers why it could not, in one sentence. */
export async function runDaemon(
  options: DaemonOptions,
  stop: AbortSignal,
): Promise<Result<undefined>> {
  const daemon = new Daemon(options);
  try {
    return await daemon.run(stop);
  } finally {
    await daemon[Symbol.asyncDispose]();
  }
}

class Daemon implements AsyncDisposable {
  readonly #options: DaemonOptions;
  readonly #engine: Engine;
  readonly #reporter: Reporter;
  readonly #metrics: Metrics;
  readonly #gobgp: Gobgp;
  readonly #listener: Listener<AnyNotice>;
  readonly #sleeper = new Sleeper(now, () => this.#wake());
  readonly #sleep = atTurnsEnd(() => {
    const at = earlier(this.#tables?.nextAt(), this.#engine.deadline);
    this.#sleeper.until(this.#closing.signal.aborted ? undefined : at);
  });
  readonly #came = firstOfMany(() => this.#kernel?.rest());
  readonly #startedAt = now();
  readonly #capabilities = effectiveCapabilities();
  readonly #closing = new AbortController();
  readonly #keeping: Keeping;
  /** What is told before there are tables. */
  readonly #early: Observation[] = [];
  #kernel: Kernel | undefined;
  #tables: Tables | undefined;
  /** Silent where only observed. */
  #mouth: Mouth | undefined;

  constructor(options: DaemonOptions) {
    const { config, log } = options;
    this.#options = options;
    this.#engine = new Engine(settingsOf(config));
    const build = { version: options.version, startedAt: this.#startedAt };
    this.#metrics = new Metrics(() => metricsOf(this.#shown()), build);
    this.#reporter = new Reporter({
      metrics: this.#metrics,
      log,
      keep: (id, row) => this.#keeping.happened(id, row),
      later: (work) => whenQuiet(work, { ...REPORT_LATER, clock: now }),
    });
    this.#keeping = new Keeping({
      directory: config.state,
      readOnly: options.observeOnly,
      history: () => this.#reporter.history,
      tell: (notice) => this.#reporter.tell(notice, now()),
    });
    this.#listener = {
      news: (observation) => this.#observe(observation),
      echo: (seen) => this.#echo(seen),
      resync: (table, cause) => this.#tables?.resync(table, cause),
      tell: (notice) => this.#reporter.tell(notice, now()),
    };
    // What a host said here before a route came is older than it (C1.13), though nobody has listened.
    const hear = notOftener(() => this.#kernel?.hear(), HEAR_EVERY_MS, now);
    const news = (observation: Observation): void => {
      hear();
      this.#observe(observation);
    };
    this.#gobgp = openGobgp(
      { ...config.gobgp, ours: ({ rd }) => this.#isOurs(rd), now },
      { ...this.#listener, news },
    );
  }

  async run(stop: AbortSignal): Promise<Result<undefined>> {
    const { config, observeOnly } = this.#options;
    const closing = this.#closing.signal;
    // What a former life of ours has written down comes before everything else.
    this.#early.push(...(await this.#keeping.recall()));
    const provisioning = observeOnly ? undefined : keepDevices(config, this.#listener, closing);
    const kernel = await this.#kernelOf(closing);
    this.#kernel = kernel;
    const drivers = { ...kernel.drivers, ...this.#gobgp.drivers };
    const tables = new Tables(drivers, {
      clock: now,
      onApplied: (table, applied, at) => this.#reporter.applied(table, applied, at),
      onPass: this.#sleep,
      onWrite: (table, tookMs) => this.#metrics.applied(table, tookMs),
      isSucceeded: ({ vni, mac }) => isToldAlone(this.#engine.domain(vni)?.entry(mac)),
      isOutranked: (route) => isOutranked(route, this.#engine.domain(route.vni)?.entry(route.mac)),
    });
    this.#tables = tables;
    const parts = { ...this.#listener, kernel, tables, engine: this.#engine };
    this.#mouth = observeOnly ? undefined : new Mouth(parts);
    for (const early of this.#early.splice(0)) this.#observe(early);

    // What is running ends when we close; if one of them ends before, something is broken.
    const running = Promise.all([this.#gobgp.run(closing), tables.run(closing), provisioning]);
    running.catch(() => {});
    const readAhead = (): void => tables.readAhead(closing);
    const started = await attempted(kernel.start(observeOnly ? undefined : readAhead));
    if (!started.ok) return started;
    const control = await listen({
      ...config.control,
      snapshot: () => snapshotOf(this.#shown(), now()),
      paths: (isWanted, signal) => pathsOf(this.#gobgp, isWanted, signal),
      subscribe: (listener) => this.#reporter.watch(listener),
      command: (command, by) =>
        obey(command, { engine: this.#engine, observe: (news) => this.#observe(news), by }),
      now: timeOfDay,
      tell: (notice) => this.#reporter.tell(notice, now()),
    });
    if (!control.ok) return control;
    await using _control = control.value;
    const served = await this.#serve(closing);
    if (!served.ok) return served;

    await Promise.race([aborted(stop), running]);
    await this.#leave(tables);
    this.#closing.abort();
    await running;
    return ok(undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#sleeper.until(undefined);
    await this.#gobgp[Symbol.asyncDispose]();
    await this.#kernel?.[Symbol.asyncDispose]();
    this.#reporter.catchUp();
    await this.#keeping[Symbol.asyncDispose]();
  }

  async #kernelOf(signal: AbortSignal): Promise<Kernel> {
    const { config, observeOnly: readOnly, netlinkWorker } = this.#options;
    const floodMemory = await this.#keeping.floods();
    const known = { readOnly, now, lookEvery: LOOK_EVERY_MS, floodMemory, netlinkWorker };
    return makeKernel({ ...kernelSettingsOf(config), ...known }, this.#listener, signal);
  }

  /** Answers what there was to tell. */
  #observe(observation: Observation): readonly Notice[] {
    const [at, tables] = [now(), this.#tables];
    if (tables === undefined) {
      this.#early.push(observation);
      return [];
    }
    this.#options.recorder?.observed(observation, at);
    const wasReady = this.#engine.isReady;
    const decision = this.#engine.observe(observation, at);
    if (decision !== NOTHING) this.#act(tables, decision, at);
    this.#came(observation, decision);
    if (!wasReady && this.#engine.isReady && !this.#options.observeOnly)
      void giveBackAfter(tables.open(), this.#closing.signal);
    if (observation.kind === "seen") this.#metrics.sawSignal(observation.signal);
    if (decision !== NOTHING || this.#engine.mayBeDueSooner) this.#sleep();
    return decision.notices;
  }

  #act(tables: Tables, decision: Decision, at: number): void {
    for (const want of decision.wants) tables.want(want);
    // Rows are written when the running callback is over; what has more time is not to come before.
    const hasRows = decision.wants.length > 0;
    if (hasRows) tables.wake();
    if (hasRows && saysOrKeeps(decision)) setImmediate(() => this.#sayAndKeep(decision));
    else if (!hasRows) this.#sayAndKeep(decision);
    const decidedAt = decision.notices.length > 0 ? now() : at;
    for (const notice of decision.notices) {
      this.#reporter.decided(notice, decidedAt, { seenAt: at });
    }
  }

  #sayAndKeep(decision: Decision): void {
    this.#mouth?.say(decision);
    this.#keeping.remember(decision.memories);
  }

  /** Whatever is due is done: retries of rows, and what the decision has put off. */
  #wake(): void {
    const at = now();
    if (this.#tables === undefined) return;
    if ((this.#engine.deadline ?? Infinity) <= at) this.#options.recorder?.woke(at);
    this.#act(this.#tables, this.#engine.tick(at), at);
    this.#tables.wake();
    this.#sleep();
  }

  #echo(seen: RowAt): void {
    this.#tables?.saw(seen);
    this.#tables?.wake();
  }

  /** Routes of our own speaker under a route distinguisher of ours are ours, whoever has put them. */
  #isOurs(rd: RouteDistinguisher): boolean {
    if (rd.startsWith(`${this.#gobgp.status().routerId}:`)) return true;
    for (const { vrf } of this.#engine.domains()) if (vrf?.rd === rd) return true;
    return false;
  }

  async #serve(signal: AbortSignal): Promise<Result<unknown>> {
    const { http } = this.#options.config;
    if (http === undefined) return ok(undefined);
    const awaited = (): string => [...this.#engine.awaited].join(", ");
    const notReady = (): string | undefined =>
      this.#engine.isReady ? undefined : `Waiting for what ${awaited()} tell of the start`;
    return await serveHttp(http, { metrics: this.#metrics, notReady }, { signal });
  }

  /**
   * The kernel goes on forwarding as it is; the peers are told that our hosts are no longer to be
   * reached through us, unless somebody is about to start us again. That those which have moved are not
   * is told in any case.
   */
  async #leave(tables: Tables): Promise<void> {
    const { config, observeOnly } = this.#options;
    if (observeOnly || !this.#gobgp.status().connected) return;
    const left = config.keepOnExit ? tables.catchUp() : tables.withdrawAll();
    await Promise.race([left, aborted(AbortSignal.timeout(WITHDRAW_MS))]);
  }

  #shown(): Shown {
    const { version } = this.#options;
    return {
      version,
      startedAt: this.#startedAt,
      engine: this.#engine,
      tables: this.#tables,
      timeline: this.#reporter.timeline,
      history: this.#reporter.history,
      gobgp: () => this.#gobgp.status(),
      since: (key) => this.#gobgp.since(key),
      capabilities: this.#capabilities,
      kernel: this.#kernel,
    };
  }
}
