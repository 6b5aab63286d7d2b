import { existsSync, mkdirSync } from 'node:fs';
import { type Daemon, startDaemon } from '../guard/daemon.ts';
import type { GuardDirectories } from '../guard/directories.ts';
import { makeEnforcer } from '../guard/hold/enforcer.ts';
import { openOwnHold, releaseEverything } from '../guard/hold/on-node.ts';
import { notifier } from '../guard/live/notify.ts';
import { takeNamespaceLock } from '../guard/namespace-lock.ts';
import { lastGoodAt } from '../guard/plan/last-good.ts';
import { controlRoutes, publicRoutes } from '../guard/tell/routes.ts';
import { makeSink, type Sink } from '../guard/tell/sink.ts';
import { watchFiles } from '../guard/watch/files.ts';
import { watchModules } from '../guard/watch/modules.ts';
import { openNetworkWatch } from '../guard/watch/netlink.ts';
import { PLACES } from '../guard/watch/places.ts';
import { makeSenses } from '../guard/watch/senses.ts';
import { watchServices } from '../guard/watch/services.ts';
import { watchSettings } from '../guard/watch/settings.ts';
import { watchUnits } from '../guard/watch/units.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual } from '../lang.ts';
import { bootIdOf } from '../remedies/interrupted.ts';
import { takeLock } from '../remedies/run-lock.ts';
import { actingHost, warnWithoutRoot } from './acting-host.ts';
import { type CommonOptions, commonOptions, printsJson } from './common-options.ts';
import { placesHere } from './guard-control.ts';
import { listen } from './guard-listen.ts';
import { checkReportOptions, type RawGuardOptions } from './guard-options.ts';
import { askedSettings } from './guard-plan.ts';
import { UsageError } from './usage.ts';

const DEFAULT_INTERVAL_MS = 100;
const DEFAULT_JUDGE_MS = 5 * 60_000;

const SECOND: Bilingual = {
  en: 'another guard runs here as process',
  'zh-CN': '本机已有守护进程在运行，进程号',
};
const NOT_ROOT: Bilingual = {
  en: 'not root here: nothing can be put right; use sudo, or --enforce off to only look',
  'zh-CN': '当前不是 root，无法修复任何设置；请使用 sudo，或用 --enforce off 只观察',
};
const NO_KERNEL: Bilingual = {
  en: 'writes cannot be answered in the kernel',
  'zh-CN': '无法在内核中拦截写入',
};

/** `hayward guard`: until a signal; returns the exit status. */
export async function runGuard(raw: RawGuardOptions): Promise<number> {
  const options = await commonOptions(raw);
  await askedSettings(raw.hold);
  checkReportOptions(raw);
  printsJson(options, 'guard');
  // What is below a cgroup mount may not be there: `ip netns exec` mounts another /sys.
  if (raw.cgroup !== undefined && !existsSync(raw.cgroup)) {
    throw new UsageError(`--cgroup ${raw.cgroup}: there is no such directory`);
  }
  // cgroup v1 has no such file (cgroup-v2.rst, "Core Interface Files").
  if (raw.cgroup !== undefined && !existsSync(`${raw.cgroup}/cgroup.controllers`)) {
    throw new UsageError(`--cgroup ${raw.cgroup}: it is no directory of a cgroup v2 hierarchy`);
  }
  const places = placesHere();
  const sink = makeSink({
    history: places.history,
    lang: options.lang,
    color: options.color,
    json: options.format === 'json' || process.stdout.isTTY !== true,
    out: (text) => void (options.quiet || process.stdout.write(text)),
    err: (text) => void process.stderr.write(harmless(text, { keepLayout: true })),
  });
  const lock = lockIn(places.run, options, sink);
  const alone = await lockNamespace(options, sink).catch((error: unknown) => {
    lock.release();
    throw error;
  });
  try {
    return await guardUntilTold(raw, options, { places, sink, notify: await notifier(process.env, process.pid) });
  } finally {
    alone.release();
    lock.release();
  }
}

/** A place that cannot be written, as on a node whose disk is full or failed, keeps nobody from guarding. Throws UsageError. */
function lockIn(run: string, { lang }: CommonOptions, sink: Sink): { release(): void } {
  try {
    mkdirSync(run, { recursive: true, mode: 0o700 });
    const lock = takeLock(run);
    if (lock.held) return lock;
    throw new UsageError(`${SECOND[lang]} ${lock.pid} (hayward guard status)`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    sink.complain(`another guard beside this one would not be noticed: ${(error as Error).message}`);
    return { release: () => undefined };
  }
}

/** Two guards of one network namespace would take the hold from each other, whatever their state directories. Throws UsageError. */
async function lockNamespace({ lang }: CommonOptions, sink: Sink): Promise<{ release(): void }> {
  const lock = await takeNamespaceLock();
  if (lock.held === true) return lock;
  if (lock.held === false) throw new UsageError(`${SECOND[lang]} ${lock.pid || '?'} (hayward guard status)`);
  sink.complain(`another guard of this network namespace would not be noticed: ${lock.why}`);
  return { release: () => undefined };
}

async function guardUntilTold(
  raw: RawGuardOptions,
  options: CommonOptions,
  surroundings: Surroundings,
): Promise<number> {
  const told = signals();
  const { places, sink } = surroundings;
  const listening = await listen(raw, places, sink.complain);
  try {
    const daemon = await start(raw, options, surroundings);
    told.onReload(() => daemon.reload());
    listening.answer(publicRoutes(daemon, sink.ledger), controlRoutes(daemon));
    await daemon.stop(await told.end);
    return 0;
  } finally {
    listening.close();
  }
}

interface Surroundings {
  readonly places: GuardDirectories;
  readonly sink: Sink;
  readonly notify: Awaited<ReturnType<typeof notifier>>;
}

async function start(
  raw: RawGuardOptions,
  options: CommonOptions,
  { places, sink, notify }: Surroundings,
): Promise<Daemon> {
  const enforce = raw.enforce ?? 'auto';
  const { host, directory } = await actingHost({});
  if (enforce !== 'observe' && enforce !== 'off') warnWithoutRoot(host, NOT_ROOT[options.lang]);
  const settings = watchSettings();
  const network = await openNetworkWatch();
  if (!network.known) sink.complain(network.detail);
  const holding = makeEnforcer({
    asked: enforce,
    open: () => openOwnHold(places.run, raw.cgroup),
    lost: (why) => sink.record({ at: new Date().toISOString(), type: 'hold-lost', why }),
    unpin: () => releaseEverything(places.run),
  });
  const { how, why } = holding.inForce();
  if (enforce === 'kernel' && how !== 'kernel') throw new UsageError(`${NO_KERNEL[options.lang]}: ${why}`);
  const report = await reportingOf(raw);
  return startDaemon({
    ...(report && { report }),
    lang: options.lang,
    enforce,
    intervalMs: raw.interval ?? DEFAULT_INTERVAL_MS,
    judgeEveryMs: raw.judgeEvery ?? DEFAULT_JUDGE_MS,
    planOptions: planOptionsOf(raw, options),
    reclaim: raw.reclaim !== false,
    program: { node: process.execPath, script: process.argv[1] ?? '' },
    host,
    journalDirectory: directory,
    bootId: await bootIdOf(host),
    senses: (told) =>
      makeSenses({
        ...told,
        settings,
        network,
        modules: watchModules(),
        files: watchFiles({ places: PLACES }),
        units: watchUnits(),
        host,
        complain: sink.complain,
        nowMs: () => performance.now(),
      }),
    services: (told) => watchServices({ ...told, complain: sink.complain }),
    watched: (demands) => settings.keep(demands.flatMap((one) => (one.kind === 'setting' ? [one.key] : []))),
    holding,
    lastGood: lastGoodAt(places.lastGood, sink.complain),
    sink,
    notify,
  });
}

/** Loaded only where it is asked for: a guard by itself needs no client. Throws UsageError. */
async function reportingOf({ reportToCluster, node, kubeconfig }: RawGuardOptions) {
  if (reportToCluster !== true) return undefined;
  const { nodeName, reporting } = await import('./guard-report.ts');
  return reporting({ node: nodeName(node, process.env), kubeconfig });
}

/** What the child that judges is told. */
function planOptionsOf({ hold = [] }: RawGuardOptions, { profile, only, lang }: CommonOptions): readonly string[] {
  return [
    '--lang',
    lang,
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...(only === undefined ? [] : ['--only', only.join(',')]),
    ...hold.flatMap((one) => ['--hold', one]),
  ];
}

/** SIGINT and SIGTERM end the guard once, with what is in hand; SIGHUP has the node judged anew. */
function signals(): { readonly end: Promise<string>; onReload(reload: () => void): void } {
  const end = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
  let reload = (): void => undefined;
  process.on('SIGHUP', () => reload());
  return {
    end,
    onReload(then) {
      reload = then;
    },
  };
}
