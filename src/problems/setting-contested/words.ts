import { sourceOf } from '../../hosts/ask.ts';
import type { Words } from '../../judging/problem.ts';
import type { Bilingual } from '../../lang.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import type { Contest, Party } from './contest.ts';

export interface ContestFacts extends Contest {
  readonly key: string;
  /** What the profile wants of it, where it wants anything. */
  readonly wanted: string | undefined;
  /** Right now, and whatever happens next. */
  readonly harmless: boolean;
}

export function explainContest(facts: ContestFacts): Words {
  const { key, parties, outcomes, harmless } = facts;
  const name = sysctlName(key);
  const values = [...new Set(parties.map(({ value }) => value))];
  return {
    title: {
      en: `${name} is set to ${values.join(' and ')} by different parties`,
      'zh-CN': `${name} 被不同来源分别设为 ${values.join('、')}`,
    },
    cause: {
      en: `${parties.map(shown).join('; ')}. ${endingsOf(outcomes, 'en')}`,
      'zh-CN': `${parties.map(shown).join('；')}。${endingsOf(outcomes, 'zh-CN')}`,
    },
    impact: harmless ? HARMLESS : HARMFUL,
  };
}

const HARMLESS: Bilingual = {
  en: 'The value comes out right in every order. It changes as soon as one of them is edited, renamed or removed.',
  'zh-CN': '目前无论按哪种顺序执行，最终值都正确。但只要其中一处被修改、改名或删除，结果就可能改变。',
};
const HARMFUL: Bilingual = {
  en: 'The value depends on who ran last: the network works after one reboot or service restart and fails after the next, and nothing in the logs says why.',
  'zh-CN': '最终值取决于谁最后执行：这次重启或服务重启后网络正常，下一次就可能异常，而日志中没有任何提示。',
};

function shown({ who, line, value }: Party): string {
  return `${who}${line === undefined ? '' : `:${line}`} → ${value}`;
}

function endingsOf({ boot, byHand, restarts }: Contest['outcomes'], lang: keyof Bilingual): string {
  const chinese = lang === 'zh-CN';
  const ends = [
    ...(boot === undefined ? [] : [chinese ? `开机后为 ${boot}` : `after boot it is ${boot}`]),
    ...(byHand === undefined
      ? []
      : [chinese ? `执行 sysctl --system 后为 ${byHand}` : `after sysctl --system ${byHand}`]),
    ...restarts.map(({ unit, value, window }) => endingOf(unit, value, window, chinese)),
  ];
  if (ends.length === 0) return '';
  return chinese ? `${ends.join('，')}。` : `Of these ${ends.join(', ')}.`.replace('Of these after', 'After');
}

function endingOf(unit: string, value: string, window: string | undefined, chinese: boolean): string {
  const open = chinese
    ? `（启动后到就绪前为 ${window ?? ''}；若启动卡住则一直如此）`
    : ` (from its start until it is ready ${window ?? ''}, for as long as a start hangs)`;
  const end = chinese ? `${unit} 重启后为 ${value}` : `after a restart of ${unit} ${value}`;
  return window === undefined ? end : end + open;
}

const SETTINGS_PLACES = [
  '/etc/sysctl.conf',
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
  '/lib/sysctl.d',
];

/** Shows every place that speaks of the setting; names from the node are quoted for the shell. */
export function proveContest({ key, parties }: ContestFacts): string {
  const last = key.slice(key.lastIndexOf('/') + 1);
  const others = parties.map(({ who }) => who).filter((who) => who.startsWith('/') && !who.includes('/sysctl.'));
  const grep = sourceOf(['grep', '-rsn', '--', last, ...SETTINGS_PLACES, ...new Set(others)]);
  return `${grep}; ${sourceOf(['sysctl', sysctlName(key)])}`;
}
