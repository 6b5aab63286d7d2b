import type { Lang } from '../../lang.ts';
import { displayWidth, padTo } from '../../report/display-width.ts';
import { type Paint, painter } from '../../report/paint.ts';
import type { RenderOptions } from '../../report/report.ts';
import { hanging, oneLine } from '../../report/text-line.ts';
import { type Demand, demandKey, demandValue, isWanted } from '../demand.ts';
import type { GuardPlan } from '../model.ts';

/** How a thing can be held at best: what only the daemon finds out is whether this kernel and its rights allow it. */
type Way = 'written' | 'polled' | 'link';

interface Words {
  readonly title: (plan: GuardPlan) => string;
  readonly evidence: (evidence: string) => string;
  readonly runs: (versions: string) => string;
  readonly phase: Readonly<Record<GuardPlan['phase'], string>>;
  readonly held: string;
  readonly none: string;
  readonly wanted: (demand: Demand) => string;
  readonly right: (now: string) => string;
  readonly wrong: (now: string) => string;
  readonly unread: string;
  readonly way: Readonly<Record<Way, string>>;
  readonly by: (by: string, why: string) => string;
  readonly conflicts: string;
  readonly conflict: (key: string, wants: string) => string;
  readonly want: (value: string, by: string) => string;
  readonly left: string;
  readonly undecided: string;
  readonly unknown: (by: string, detail: string) => string;
  readonly findings: (problems: number) => string;
  readonly separator: string;
}

const en: Words = {
  title: ({ target, profile }) => `What the guard would keep on ${target}, profile ${profile}`,
  evidence: (evidence) => `found from: ${evidence}`,
  runs: (versions) => `running: ${versions}`,
  phase: {
    'before-launch': "the cluster's service has not started since boot: planned again when it does",
    launching: "the cluster's service is starting: planned again when it is ready",
    launched: "the cluster's service has started",
    unknown: "whether the cluster's service has started could not be told",
  },
  held: 'Kept:',
  none: 'Nothing on this node needs keeping.',
  wanted: (demand) => wantedWords(demand, 'or', 'or more'),
  right: (now) => `, is ${now}`,
  wrong: (now) => `, is ${now}: would be put right`,
  unread: ', is not there now: kept once it is',
  way: {
    written: 'as it is written (by polling where the kernel cannot)',
    polled: 'by polling',
    link: "on the kernel's link notifications",
  },
  by: (by, why) => `${by}: ${why}`,
  conflicts: 'In conflict, so nothing is done:',
  conflict: (key, wants) => `${key}: ${wants}`,
  want: (value, by) => `${value} (${by})`,
  left: 'Left alone:',
  undecided: 'Not known, so not kept:',
  unknown: (by, detail) => `${by}: ${detail}`,
  findings: (problems) =>
    problems === 1 ? '1 problem on this node: hayward doctor' : `${problems} problems on this node: hayward doctor`,
  separator: ', ',
};

const zh: Words = {
  title: ({ target, profile }) => `在 ${target} 上将守护的内容，profile ${profile}`,
  evidence: (evidence) => `判断依据：${evidence}`,
  runs: (versions) => `运行版本：${versions}`,
  phase: {
    'before-launch': '集群服务开机后尚未启动：启动时会重新规划',
    launching: '集群服务正在启动：就绪后会重新规划',
    launched: '集群服务已启动',
    unknown: '无法判断集群服务是否已启动',
  },
  held: '守护：',
  none: '本节点没有需要守护的设置。',
  wanted: (demand) => wantedWords(demand, '或', '或更大'),
  right: (now) => `，现为 ${now}`,
  wrong: (now) => `，现为 ${now}：将被纠正`,
  unread: '，目前不存在：出现后即守护',
  way: { written: '写入时拦截（内核不支持时轮询）', polled: '轮询', link: '内核链路通知' },
  by: (by, why) => `${by}：${why}`,
  conflicts: '相互冲突，因此不做任何操作：',
  conflict: (key, wants) => `${key}：${wants}`,
  want: (value, by) => `${value}（${by}）`,
  left: '保持原样：',
  undecided: '无法判断，因此不守护：',
  unknown: (by, detail) => `${by}：${detail}`,
  findings: (problems) => `本节点有 ${problems} 个问题：见 hayward doctor`,
  separator: '、',
};

const WORDS: Readonly<Record<Lang, Words>> = { en, 'zh-CN': zh };

function wantedWords(demand: Demand, or: string, orMore: string): string {
  const value = demandValue(demand);
  if (demand.kind !== 'setting') return value;
  if (demand.atLeast) return `${value} ${orMore}`;
  return [value, ...(demand.also ?? [])].join(` ${or} `);
}

function wayOf(demand: Demand): Way {
  if (demand.kind === 'bridge-setting') return 'link';
  const answered = demand.kind === 'setting' && !demand.atLeast && demand.also === undefined;
  return answered ? 'written' : 'polled';
}

/** `guard plan` for people: what would be kept, how and why; conflicts; what is left alone, and what is not known. */
export function planText(plan: GuardPlan, options: RenderOptions): string {
  const words = WORDS[options.lang];
  const context: Context = { words, paint: painter(options.color), options, now: plan.now };
  const { paint } = context;
  const { os, kernel, distribution } = plan.versions;
  const running = [os, kernel && `Linux ${kernel}`, distribution].filter((one) => one !== '').join(words.separator);
  const plain = (text: string) => hanging('', oneLine(text), options.width);
  const problems = plan.findings.filter(({ status }) => status === 'problem').length;
  const lines = [
    ...plain(words.title(plan)).map((line) => paint(line, 'heading')),
    ...(plan.profileEvidence.length > 0 ? plain(words.evidence(plan.profileEvidence.join(words.separator))) : []),
    ...(running ? plain(words.runs(running)) : []),
    ...(plan.profile === 'generic' ? [] : plain(words.phase[plan.phase])),
    '',
    ...(plan.demands.length > 0 ? [words.held] : plain(words.none)),
    ...plan.demands.flatMap((demand) => heldLines(demand, context)),
    ...section(words.conflicts, plan.conflicts, ({ key, demands }) => {
      const wants = demands.map((demand) => words.want(words.wanted(demand), demand.by)).join(words.separator);
      return indented(words.conflict(key, wants), context).map((line) => paint(line, 'critical'));
    }),
    ...section(words.left, plan.left, ({ demand, why }) => [
      ...indented(demandKey(demand), context),
      ...reason(demand.by, why[options.lang], context),
    ]),
    ...section(words.undecided, byReason(plan.undecided), ({ abouts, by, detail }) => [
      ...abouts.flatMap((about) => indented(about || by, context)).map((line) => paint(line, 'unknown')),
      ...reason(by, detail, context),
    ]),
    ...(problems > 0 ? ['', ...plain(words.findings(problems)).map((line) => paint(line, 'warning'))] : []),
  ];
  return `${lines.join('\n')}\n`;
}

interface Context {
  readonly words: Words;
  readonly paint: Paint;
  readonly options: RenderOptions;
  readonly now: GuardPlan['now'];
}

interface SameReason {
  readonly abouts: string[];
  readonly by: string;
  readonly detail: string;
}

/** Things not known for one and the same reason, which is said once: the names of two dozen settings still fit a screen. */
function byReason(undecided: GuardPlan['undecided']): readonly SameReason[] {
  const groups = new Map<string, SameReason>();
  for (const { about, by, detail } of undecided) {
    const id = JSON.stringify([by, detail]);
    const group = groups.get(id) ?? { abouts: [], by, detail };
    group.abouts.push(about);
    groups.set(id, group);
  }
  return [...groups.values()];
}

function section<T>(title: string, items: readonly T[], linesOf: (item: T) => readonly string[]): string[] {
  return items.length === 0 ? [] : ['', title, ...items.flatMap(linesOf)];
}

function indented(text: string, { options }: Context): string[] {
  return hanging('  ', oneLine(text), options.width);
}

function reason(by: string, why: string, { words, options }: Context): string[] {
  return hanging('      ', oneLine(words.by(by, why)), options.width);
}

/** Columns the names take where they are short enough for it: values stand below each other. */
const NAMES = 37;

function heldLines(demand: Demand, context: Context): string[] {
  const { words, paint, now, options } = context;
  const key = demandKey(demand);
  const found = now[key];
  const right = found !== undefined && isWanted(demand, found);
  const state = found === undefined ? words.unread : right ? words.right(found) : words.wrong(found);
  const name = padTo(oneLine(key), Math.min(NAMES, options.width - 40));
  const value = oneLine(words.wanted(demand) + state);
  const style = found === undefined ? 'unknown' : right ? 'ok' : 'warning';
  const first =
    displayWidth(`  ${name}  ${value}`) <= options.width
      ? [`  ${name}  ${paint(value, style)}`]
      : [...indented(key, context), ...hanging('      ', value, options.width).map((line) => paint(line, style))];
  return [
    ...first,
    ...hanging('      ', words.way[wayOf(demand)], options.width).map((line) => paint(line, 'faint')),
    ...reason(demand.by, demand.reason[options.lang], context),
  ];
}
