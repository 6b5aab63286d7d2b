import type { Lang } from '../lang.ts';
import type { TrialEnding } from '../remedies/trial/trial-record.ts';
import type { Kept } from './guard-keeps.ts';

/** The words of a fix on trial. */
export interface TrialWords {
  /** Before anything is asked. */
  readonly head: (seconds: number) => string;
  readonly refused: (problems: string, command: string) => string;
  /** Where the node is reached over ssh: it cannot be tried from here. */
  readonly refusedFromHere: (problems: string, command: string) => string;
  readonly keepsNot: (kept: Kept) => string;
  /** The question, redrawn as the time goes by. */
  readonly ask: (seconds: number) => string;
  readonly interrupted: string;
  readonly leaving: (run: string, until: string) => string;
  readonly keepWith: (command: string) => string;
  readonly takingBack: string;
  readonly takenBack: (run: string, why: TrialEnding) => string;
  readonly notTakenBack: (run: string, why: TrialEnding) => string;
  readonly why: Readonly<Record<TrialEnding, string>>;
  readonly keptElsewhere: (run: string) => string;
  readonly tooLate: (run: string) => string;
  readonly rebooted: (run: string) => string;
  readonly keptAlready: (run: string) => string;
  readonly undoneSince: (run: string) => string;
  readonly nothingOnTrial: string;
  readonly state: {
    readonly onTrial: (until: string) => string;
    readonly leftBehind: string;
    readonly kept: string;
    readonly takenBack: (why: string) => string;
  };
}

const en: TrialWords = {
  head: (seconds) =>
    `On trial: taken back unless it is confirmed within ${seconds} s; what is to last is written after that.`,
  refused: (problems, command) =>
    `${problems}: it may cut off the ssh session this runs in, so it is done on trial only: ${command}`,
  refusedFromHere: (problems, command) =>
    `${problems}: it may cut off the ssh connection to the node, so it is done on trial only, on the node itself: ${command}`,
  keepsNot: ({ by, keys }) =>
    by === 'ended'
      ? `a guard that has ended left its program answering writes of ${keys.join(', ')}, so it cannot be taken back; hayward guard release first`
      : `a guard (process ${by}) keeps ${keys.join(', ')} and would write it again after it is taken back; hayward guard pause 10m first`,
  ask: (seconds) => `Keep it? Enter or y keeps it, n takes it back; taken back in ${seconds} s: `,
  interrupted: 'Interrupted: what was done on trial is taken back.',
  leaving: (run, until) => `Done on trial (run ${run}): it is taken back at ${until} unless it is confirmed.`,
  keepWith: (command) => `To keep it, from any session: ${command}`,
  takingBack: 'Taking it back:',
  takenBack: (run, why) => `Taken back: ${en.why[why]} (run ${run}).`,
  notTakenBack: (run, why) =>
    `Not everything could be taken back (${en.why[why]}, run ${run}); once more: hayward undo ${run}`,
  why: {
    'no-answer': 'it was not confirmed in time',
    declined: 'the answer was no',
    interrupted: 'it was interrupted',
    'tool-died': 'the process that asked died',
    failed: 'not everything could be done',
    undo: 'by hayward undo',
    'watcher-ended': 'its watcher was told to end',
    reboot: 'the node was restarted',
  },
  keptElsewhere: (run) => `Kept: it was confirmed from elsewhere (run ${run}).`,
  tooLate: (run) => `The time to confirm run ${run} is over.`,
  rebooted: (run) => `The node was restarted while run ${run} was on trial; there is nothing to confirm.`,
  keptAlready: (run) => `Run ${run} was kept already.`,
  undoneSince: (run) => `Run ${run} was kept, and taken back since: nothing of it stands.`,
  nothingOnTrial: 'no run is on trial here',
  state: {
    onTrial: (until) => `on trial until ${until}`,
    leftBehind: 'on trial, and nobody watches over it: the next fix or undo takes it back',
    kept: 'tried and kept',
    takenBack: (why) => `was on trial: ${why}`,
  },
};

const zh: TrialWords = {
  head: (seconds) => `试运行：${seconds} 秒内未确认则自动撤销；确认之后才写入持久化配置。`,
  refused: (problems, command) => `${problems}：可能切断当前的 ssh 会话，只能试运行：${command}`,
  refusedFromHere: (problems, command) => `${problems}：可能切断到该节点的 ssh 连接，只能在该节点上试运行：${command}`,
  keepsNot: ({ by, keys }) =>
    by === 'ended'
      ? `已结束的守护进程留下的内核程序仍在拦截对 ${keys.join('、')} 的写入，无法撤销；请先 hayward guard release`
      : `守护进程（${by}）正在守护 ${keys.join('、')}，撤销后会再次写入；请先 hayward guard pause 10m`,
  ask: (seconds) => `是否保留？回车或 y 保留，n 撤销；${seconds} 秒后自动撤销：`,
  interrupted: '已中断：撤销试运行的改动。',
  leaving: (run, until) => `已试运行（运行 ${run}）：若未确认，将于 ${until} 撤销。`,
  keepWith: (command) => `如需保留，可在任意会话中执行：${command}`,
  takingBack: '正在撤销：',
  takenBack: (run, why) => `已撤销：${zh.why[why]}（运行 ${run}）。`,
  notTakenBack: (run, why) => `未能全部撤销（${zh.why[why]}，运行 ${run}）；重试：hayward undo ${run}`,
  why: {
    'no-answer': '未在规定时间内确认',
    declined: '回答为否',
    interrupted: '被中断',
    'tool-died': '发起进程已终止',
    failed: '有步骤未能完成',
    undo: '由 hayward undo 撤销',
    'watcher-ended': '看守进程被要求结束',
    reboot: '节点已重启',
  },
  keptElsewhere: (run) => `已保留：在其他会话中得到确认（运行 ${run}）。`,
  tooLate: (run) => `运行 ${run} 的确认时间已过。`,
  rebooted: (run) => `运行 ${run} 试运行期间节点已重启，没有可确认的内容。`,
  keptAlready: (run) => `运行 ${run} 此前已保留。`,
  undoneSince: (run) => `运行 ${run} 曾被保留，此后已撤销：已无改动留存。`,
  nothingOnTrial: '这里没有处于试运行的修复',
  state: {
    onTrial: (until) => `试运行中，至 ${until}`,
    leftBehind: '试运行未结束且无进程看守：下一次 fix 或 undo 会将其撤销',
    kept: '试运行后已保留',
    takenBack: (why) => `曾试运行：${why}`,
  },
};

export const TRIAL_WORDS: Readonly<Record<Lang, TrialWords>> = { en, 'zh-CN': zh };
