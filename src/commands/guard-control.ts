import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { guardDirectories, systemSocket } from '../guard/directories.ts';
import type { Released } from '../guard/hold/on-node.ts';
import type { GuardStatus } from '../guard/model.ts';
import type { Asked } from '../guard/tell/control.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual, Lang } from '../lang.ts';
import { addPrintingOptions, commonOptions, printsJson, type RawCommonOptions } from './common-options.ts';
import { durationMs } from './duration.ts';
import { withGivenBefore } from './given-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { UsageError } from './usage.ts';

const NOBODY: Bilingual = {
  en: 'no guard runs here; start one with hayward guard, or hayward guard install',
  'zh-CN': '本机没有运行守护进程；可用 hayward guard 或 hayward guard install 启动',
};

const DENIED: Bilingual = {
  en: 'a guard that runs here can only be seen and told by root: sudo hayward guard',
  'zh-CN': '本机的守护进程只有 root 可以查看和控制：sudo hayward guard',
};

/** Where this user's guard is, and where root's would be. */
export function placesHere() {
  const environment = {
    environment: process.env,
    root: process.geteuid?.() === 0,
    harvester: existsSync('/etc/harvester-release.yaml'),
  };
  return { ...guardDirectories(environment), system: systemSocket(environment) };
}

/** Adds `status`, `pause` and `release` below `guard`. */
export function registerControl(guard: Command, say: Say): void {
  const status = guard
    .command('status')
    .summary(say({ en: 'what is held, how, and who last wrote', 'zh-CN': '守护了什么、方式如何、最近由谁写入' }))
    .description(
      say({
        en: 'Show what the guard of this node holds, how, and what happened lately. Exit status: 0 all is as wanted, 1 something is not, 3 no guard runs, or it has not judged the node yet.',
        'zh-CN':
          '显示本节点守护的设置、守护方式和最近发生的事。退出码：一切正常为 0，有不符为 1，没有守护进程或尚未完成首次评估为 3。',
      }),
    );
  addPrintingOptions(status, say).action(showStatus);
  const pause = guard
    .command('pause <duration>')
    .summary(say({ en: 'change nothing for a while; 0 ends it', 'zh-CN': '暂停一段时间；0 表示立即恢复' }))
    .description(
      say({
        en: 'Let the guard hold and repair nothing for a while, at most a day. What is written meanwhile is still seen, and put right when the pause ends by itself.',
        'zh-CN':
          '让守护进程在一段时间内不拦截也不修复，最长一天。期间的写入仍会记录；暂停到时自动结束，并恢复应有的值。',
      }),
    )
    .addHelpText('after', `\n${say(EXAMPLES)}\n  hayward guard pause 10m\n  hayward guard pause 0`);
  addPrintingOptions(pause, say).action(pauseGuard);
  const release = guard
    .command('release')
    .summary(
      say({ en: 'let go of everything; works without a running guard', 'zh-CN': '放开所有守护；无需守护进程在运行' }),
    )
    .description(
      say({
        en: 'Detach the program that answers writes, whether or not a guard runs; a running guard only looks on until it is started again. Settings stay as they are.',
        'zh-CN':
          '卸下拦截写入的内核程序，无论守护进程是否在运行；正在运行的守护进程此后只观察，直到重新启动。各项设置保持现状。',
      }),
    );
  addPrintingOptions(release, say).action(releaseGuard);
}

async function showStatus(_own: RawCommonOptions, command: Command): Promise<void> {
  const options = await commonOptions(withGivenBefore<RawCommonOptions>(command));
  const json = printsJson(options, 'guard status');
  const status = await statusNow(options.lang);
  if (status === undefined) {
    process.stderr.write(`hayward: ${DENIED[options.lang]} status\n`);
    process.exitCode = 3;
    return;
  }
  const { statusText } = await import('../guard/tell/status-text.ts');
  const { jsonText } = await import('../report/json.ts');
  process.stdout.write(json ? jsonText(status) : statusText(status, options));
  process.exitCode = statusExit(status);
}

/** Undefined where it may not be seen whether a guard runs. */
async function statusNow(lang: Lang): Promise<GuardStatus | undefined> {
  const places = placesHere();
  const { askGuardHere } = await import('../guard/tell/control.ts');
  const answer = await askGuardHere(places, 'GET', `/v1/status?lang=${lang}`);
  if (answer.kind === 'denied') return undefined;
  if (answer.kind === 'failed') throw new UsageError(answer.why);
  if (answer.kind === 'answered') return JSON.parse(answeredWell(answer).body) as GuardStatus;
  const { notRunning } = await import('../guard/tell/status.ts');
  const { heldHere } = await import('../guard/hold/on-node.ts');
  const { watchSettings } = await import('../guard/watch/settings.ts');
  const [held, settings] = [heldHere(places.run), watchSettings()];
  const read = (key: string) => {
    const reading = settings.read(key);
    return reading.known ? reading.value : null;
  };
  return notRunning(held.known ? held.value : undefined, read, lang);
}

/** Before the first judgement it is not known what is wanted. */
export function statusExit({ running, judged, keys, conflicts }: GuardStatus): 0 | 1 | 3 {
  if (!running || judged === null) return 3;
  const wrong = keys.some(({ right, value, contested }) => contested || (!right && value !== null));
  return wrong || conflicts.length > 0 ? 1 : 0;
}

async function pauseGuard(duration: string, _own: RawCommonOptions, command: Command): Promise<void> {
  const options = await commonOptions(withGivenBefore<RawCommonOptions>(command));
  const ms = durationMs('pause', duration);
  const { askGuardHere, LONGEST_PAUSE_MS } = await import('../guard/tell/control.ts');
  if (ms > LONGEST_PAUSE_MS) throw new UsageError(`pause ${duration}: at most a day, so that it is not forgotten`);
  const answer = await askGuardHere(placesHere(), 'POST', `/v1/pause?ms=${Math.round(ms)}`);
  if (answer.kind === 'denied') throw new UsageError(`${DENIED[options.lang]} pause`);
  if (answer.kind === 'nobody') throw new UsageError(NOBODY[options.lang]);
  if (answer.kind === 'failed') throw new UsageError(answer.why);
  const { body } = answeredWell(answer);
  if (!options.quiet) process.stdout.write(await pauseWords(body, options.lang, printsJson(options, 'guard pause')));
}

/** A guard that has only just begun answers 503 to all but its probes. Throws UsageError with what it said. */
function answeredWell(answer: Extract<Asked, { kind: 'answered' }>): { readonly body: string } {
  if (answer.status === 200) return answer;
  throw new UsageError(harmless(answer.body.trim()) || `the guard answered ${answer.status}`);
}

async function pauseWords(body: string, lang: keyof Bilingual, json: boolean): Promise<string> {
  if (json) return body;
  const { pausedUntil } = JSON.parse(body) as { pausedUntil: string | null };
  const words: Bilingual =
    pausedUntil === null
      ? { en: 'guarding again', 'zh-CN': '已恢复守护' }
      : { en: `paused until ${pausedUntil}`, 'zh-CN': `已暂停至 ${pausedUntil}` };
  return `${words[lang]}\n`;
}

async function releaseGuard(_own: RawCommonOptions, command: Command): Promise<void> {
  const options = await commonOptions(withGivenBefore<RawCommonOptions>(command));
  const json = printsJson(options, 'guard release');
  const places = placesHere();
  const { askGuardHere } = await import('../guard/tell/control.ts');
  const told = await askGuardHere(places, 'POST', '/v1/release');
  if (told.kind === 'denied') throw new UsageError(`${DENIED[options.lang]} release`);
  const { releaseEverything } = await import('../guard/hold/on-node.ts');
  const own = releaseEverything(places.run);
  const running: Released =
    told.kind === 'answered' && told.status === 200 ? JSON.parse(told.body) : { released: [], failed: [] };
  const released = [...running.released, ...own.released];
  // What a guard that runs could not take away, but this could, is away. One that hangs may not know yet.
  const failed = [...own.failed, ...(told.kind === 'failed' ? [told.why] : [])];
  const words: Bilingual =
    released.length === 0 && told.kind === 'nobody'
      ? { en: 'nothing was held', 'zh-CN': '没有需要放开的守护' }
      : { en: 'let go; settings stay as they are', 'zh-CN': '已全部放开；各项设置保持现状' };
  process.stdout.write(json ? `${JSON.stringify({ released, failed })}\n` : `${words[options.lang]}\n`);
  for (const why of failed) process.stderr.write(`hayward: ${harmless(why)}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
