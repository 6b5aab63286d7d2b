import { existsSync, mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { type Daemon, startDaemon } from '../guard/daemon.ts';
import { makeHolding } from '../guard/holding.ts';
import { lastGoodAt } from '../guard/last-good.ts';
import { notifier } from '../guard/live/notify.ts';
import { openOwnHold, releaseEverything } from '../guard/own-hold.ts';
import type { GuardPlaces } from '../guard/places.ts';
import { controlRoutes, publicRoutes } from '../guard/routes.ts';
import { makeSenses } from '../guard/senses.ts';
import { makeSink, type Sink } from '../guard/sink.ts';
import { listening, serverOf } from '../guard/tell/server.ts';
import { openNetworkWatch } from '../guard/watch/netlink.ts';
import { watchSettings } from '../guard/watch/settings.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual } from '../lang.ts';
import { bootIdOf } from '../remedies/interrupted.ts';
import { takeLock } from '../remedies/run-lock.ts';
import { actingHost } from './acting-host.ts';
import { type CommonOptions, commonOptions } from './common-options.ts';
import { placesHere } from './guard-control.ts';
import type { Address, RawGuardOptions } from './guard-options.ts';
import { UsageError } from './usage.ts';

const DEFAULT_INTERVAL_MS = 100;
const DEFAULT_JUDGE_MS = 5 * 60_000;
const DEFAULT_LISTEN: Address = { host: '127.0.0.1', port: 9470 };

const SECOND: Bilingual = {
  en: 'another guard runs here as process',
  'zh-CN': '本机已有守护进程在运行，进程号',
};
const NO_KERNEL: Bilingual = {
  en: 'writes cannot be answered in the kernel',
  'zh-CN': '无法在内核中拦截写入',
};

/** `hayward guard`: until a signal; returns the exit status. */
export async function runGuard(raw: RawGuardOptions): Promise<number> {
  const options = await commonOptions(raw);
  const places = placesHere();
  mkdirSync(places.run, { recursive: true, mode: 0o700 });
  const lock = takeLock(places.run);
  if (!lock.held) throw new UsageError(`${SECOND[options.lang]} ${lock.pid} (hayward guard status)`);
  try {
    return await guardUntilTold(raw, options, places);
  } finally {
    lock.release();
  }
}

async function guardUntilTold(raw: RawGuardOptions, options: CommonOptions, places: GuardPlaces): Promise<number> {
  const token = raw.tokenFile === undefined ? undefined : tokenIn(raw.tokenFile);
  const notify = await notifier(process.env, process.pid);
  const sink = makeSink({
    history: places.history,
    lang: options.lang,
    color: options.color,
    json: options.format === 'json' || process.stdout.isTTY !== true,
    out: (text) => void (options.quiet || process.stdout.write(text)),
    err: (text) => void process.stderr.write(harmless(text, { keepLayout: true })),
  });
  const told = signals();
  const daemon = await start(raw, options, { places, sink, notify });
  const servers = await serve(daemon, raw, { places, token }, sink);
  told.onReload(() => daemon.reload());
  const why = await told.end;
  await daemon.stop(why);
  for (const server of servers) close(server);
  removeSocket(places.socket);
  return 0;
}

interface Surroundings {
  readonly places: GuardPlaces;
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
  const settings = watchSettings();
  const network = await openNetworkWatch();
  if (!network.known) sink.complain(network.detail);
  const holding = makeHolding({
    asked: enforce,
    open: () => openOwnHold(places.run, raw.cgroup),
    lost: (why) => sink.record({ at: new Date().toISOString(), type: 'hold-lost', why }),
    unpin: () => void releaseEverything(places.run),
  });
  const { how, why } = holding.inForce();
  if (enforce === 'kernel' && how !== 'kernel') throw new UsageError(`${NO_KERNEL[options.lang]}: ${why}`);
  return startDaemon({
    enforce,
    intervalMs: raw.interval ?? DEFAULT_INTERVAL_MS,
    judgeEveryMs: raw.judgeEvery ?? DEFAULT_JUDGE_MS,
    planOptions: planOptionsOf(raw, options),
    reclaim: raw.reclaim !== false,
    program: { node: process.execPath, script: process.argv[1] ?? '' },
    host,
    journalDirectory: directory,
    bootId: await bootIdOf(host),
    senses: (ask) => makeSenses({ settings, network, host, ask }),
    watched: (demands) => settings.keep(demands.flatMap((one) => (one.kind === 'setting' ? [one.key] : []))),
    holding,
    lastGood: lastGoodAt(places.lastGood, sink.complain),
    sink,
    notify,
  });
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

async function serve(
  daemon: Daemon,
  raw: RawGuardOptions,
  { places, token }: { places: GuardPlaces; token: string | undefined },
  sink: Sink,
): Promise<readonly Server[]> {
  const routes = publicRoutes(daemon, sink.ledger);
  const control = serverOf([...routes, ...controlRoutes(daemon)]);
  // The lock is ours: a socket that is there is what a guard that was killed left.
  removeSocket(places.socket);
  const umask = process.umask(0o077);
  try {
    await listening(control, { path: places.socket });
  } finally {
    process.umask(umask);
  }
  const listen = raw.listen === undefined ? DEFAULT_LISTEN : raw.listen;
  if (listen === null) return [control];
  const open = serverOf(routes, token);
  try {
    await listening(open, listen);
  } catch (error) {
    // Guarding matters more than being asked; the default port may belong to another guard, in another network namespace.
    if (raw.listen !== undefined) throw new UsageError(`--listen: ${(error as Error).message}`);
    sink.complain(`${listen.host}:${listen.port} cannot be listened on: ${(error as Error).message}`);
    return [control];
  }
  return [control, open];
}

function tokenIn(path: string): string {
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (token !== '') return token;
  } catch (error) {
    throw new UsageError(`--token-file ${path}: ${(error as Error).message}`);
  }
  throw new UsageError(`--token-file ${path}: it is empty`);
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

function close(server: Server): void {
  server.close();
  server.closeAllConnections();
}

function removeSocket(path: string): void {
  if (existsSync(path)) unlinkSync(path);
}
