import type { Lang } from '../lang.ts';
import type { LeftWhy } from '../remedies/choose.ts';
import type { Risk } from '../remedies/remedy.ts';
import type { StepResult } from '../remedies/run-plan.ts';
import type { Standing } from '../remedies/standing.ts';

/** The words of `fix`, `undo` and `journal` themselves; those of findings and steps come with them. */
export interface ChangeWords {
  readonly plan: (target: string) => string;
  readonly undoes: string;
  /** Between a thing and what is said of it. */
  readonly colon: string;
  /** Remarks in brackets behind a heading. */
  readonly aside: (remarks: readonly string[]) => string;
  readonly contents: string;
  readonly risk: Readonly<Record<Risk, string>>;
  readonly scope: Readonly<Record<'now' | 'persist', string>>;
  readonly left: string;
  readonly why: Readonly<Record<LeftWhy, string>>;
  readonly resumes: (run: string) => string;
  readonly nothingToDo: string;
  readonly nothingWrong: string;
  /** Nothing was found, but not everything that decides was seen. */
  readonly notKnown: string;
  readonly unseen: string;
  readonly dryRun: string;
  readonly emptyPlan: string;
  readonly notRoot: string;
  readonly ask: string;
  readonly askUndo: string;
  readonly declined: string;
  readonly result: Readonly<Record<StepResult, string>>;
  readonly interrupted: string;
  readonly done: (run: string) => string;
  /** Every step was read back, but the judgement of the problem itself could not be repeated. */
  readonly doneUnseen: (run: string) => string;
  readonly notDone: (run: string) => string;
  readonly still: string;
  readonly undoWith: (command: string) => string;
  readonly carryOn: string;
  readonly undoPlan: (run: string, at: string, target: string) => string;
  readonly undone: (run: string) => string;
  readonly notUndone: (run: string) => string;
  readonly runBefore: (command: string) => string;
  readonly noRuns: string;
  readonly nothingStands: string;
  readonly guarded: (pid: number) => string;
  readonly heldByEnded: string;
  readonly stands: (count: number, of: number) => string;
  readonly standsNot: string;
  readonly wasInterrupted: string;
  readonly corrupt: (run: string, why: string) => string;
  readonly standing: Readonly<Record<Standing, string>>;
}

const en: ChangeWords = {
  plan: (target) => `What would be done on ${target}:`,
  undoes: 'undo: ',
  colon: ': ',
  aside: (remarks) => ` (${remarks.join(', ')})`,
  contents: '(--verbose shows what the files will hold.)',
  risk: { none: 'no risk', low: 'low risk', disruptive: 'disruptive' },
  scope: { now: 'now', persist: 'to last' },
  left: 'Left alone:',
  why: {
    disruptive: 'it may interrupt traffic; name the problem to do it',
    session: 'it may cut off the ssh session this runs in; on trial only, on the node itself: --try 120s',
    contradiction: 'it contradicts another part of this plan',
    'no-remedy': 'nothing hayward can do safely',
  },
  resumes: (run) => `Run ${run} was interrupted; its remaining steps come first.`,
  nothingToDo: 'Nothing can be done here by hayward.',
  nothingWrong: 'Nothing to do: no problem found.',
  notKnown: 'Whether there is anything to do is not known.',
  unseen: 'Could not be seen:',
  dryRun: 'Nothing was changed (--dry-run).',
  emptyPlan: 'The plan is empty: there is nothing to change on this node.',
  notRoot: 'not root here: most of this will be refused; use sudo',
  ask: 'Do this? [y/N] ',
  askUndo: 'Take this back? [y/N] ',
  declined: 'Nothing was changed.',
  result: {
    applied: 'done',
    verified: 'done and verified',
    undone: 'taken back',
    failed: 'FAILED',
    skipped: 'left out',
  },
  interrupted: 'Interrupted: the step in hand is finished, the rest is left out.',
  done: (run) => `Done and verified (run ${run}).`,
  doneUnseen: (run) => `Done; whether the problem is gone could not be seen (run ${run}).`,
  notDone: (run) => `Not everything could be done or verified (run ${run}).`,
  still: 'Still there:',
  undoWith: (command) => `To take it back: ${command}`,
  carryOn: 'To carry on: the same command again.',
  undoPlan: (run, at, target) => `What would be taken back of run ${run} (${at}) on ${target}:`,
  undone: (run) => `Run ${run} is taken back.`,
  notUndone: (run) => `Not everything of run ${run} could be taken back.`,
  runBefore: (command) =>
    `What is left of it is left alone, and undo without a name comes back to it. The run before it: ${command}`,
  noRuns: 'Nothing was ever changed here by hayward.',
  nothingStands: 'Nothing of any run is still in place.',
  guarded: (pid) =>
    `a guard (process ${pid}) keeps this and would put it right again; hayward guard pause 10m, or end it, then undo`,
  heldByEnded: 'a guard that has ended left its program answering writes of this; hayward guard release, then undo',
  stands: (count, of) => `${count} of ${of} changes stand`,
  standsNot: 'nothing of it stands',
  wasInterrupted: 'interrupted',
  corrupt: (run, why) => `${run}: its journal is corrupt (${why})`,
  standing: {
    stands: 'stands',
    'changed-since': 'changed since by something else',
    'taken-back': 'taken back',
    'nothing-changed': 'nothing was changed',
    gone: 'gone with a reboot',
    unknown: 'cannot be told',
  },
};

const zh: ChangeWords = {
  plan: (target) => `将在 ${target} 上执行：`,
  undoes: '撤销：',
  colon: '：',
  aside: (remarks) => `（${remarks.join('，')}）`,
  contents: '（--verbose 显示各文件的内容。）',
  risk: { none: '无风险', low: '低风险', disruptive: '会中断业务' },
  scope: { now: '立即生效', persist: '持久化' },
  left: '未处理：',
  why: {
    disruptive: '可能中断业务流量；如需执行，请指明该问题',
    session: '可能切断当前的 ssh 会话；只能在该节点上以 --try 120s 试运行',
    contradiction: '与本计划的其他部分相矛盾',
    'no-remedy': '没有可安全自动执行的修复',
  },
  resumes: (run) => `运行 ${run} 曾被中断，先完成其剩余步骤。`,
  nothingToDo: '这里没有 hayward 能够执行的修复。',
  nothingWrong: '未发现问题，无需处理。',
  notKnown: '无法判断是否有需要处理的问题。',
  unseen: '无法查看：',
  dryRun: '未做任何改动（--dry-run）。',
  emptyPlan: '计划为空：该节点没有需要改动的内容。',
  notRoot: '当前不是 root，多数步骤会被拒绝；请使用 sudo',
  ask: '是否执行？[y/N] ',
  askUndo: '是否撤销？[y/N] ',
  declined: '未做任何改动。',
  result: { applied: '已执行', verified: '已执行并验证', undone: '已撤销', failed: '失败', skipped: '未执行' },
  interrupted: '已中断：完成当前步骤，其余不再执行。',
  done: (run) => `已全部执行并验证（运行 ${run}）。`,
  doneUnseen: (run) => `已执行，但无法查看问题是否已消除（运行 ${run}）。`,
  notDone: (run) => `有步骤未能执行或验证（运行 ${run}）。`,
  still: '仍然存在：',
  undoWith: (command) => `撤销命令：${command}`,
  carryOn: '如需继续：再次执行同一命令。',
  undoPlan: (run, at, target) => `将撤销运行 ${run}（${at}）在 ${target} 上的改动：`,
  undone: (run) => `运行 ${run} 已撤销。`,
  notUndone: (run) => `运行 ${run} 未能全部撤销。`,
  runBefore: (command) => `其余部分保持不动；不指定名称的 undo 仍会先处理它。要撤销它之前的运行：${command}`,
  noRuns: 'hayward 未在这里做过任何改动。',
  nothingStands: '没有仍然生效的改动。',
  guarded: (pid) =>
    `守护进程（${pid}）正在守护这些设置，撤销后会立即恢复；请先 hayward guard pause 10m 或停止它，再 undo`,
  heldByEnded: '已结束的守护进程留下的内核程序仍在拦截这些写入；请先 hayward guard release，再 undo',
  stands: (count, of) => `${of} 处改动中有 ${count} 处仍然生效`,
  standsNot: '已无改动留存',
  wasInterrupted: '曾被中断',
  corrupt: (run, why) => `${run}：日志已损坏（${why}）`,
  standing: {
    stands: '仍然生效',
    'changed-since': '此后已被其他程序改动',
    'taken-back': '已撤销',
    'nothing-changed': '未曾改动',
    gone: '已随重启失效',
    unknown: '无法判断',
  },
};

export const CHANGE_WORDS: Readonly<Record<Lang, ChangeWords>> = { en, 'zh-CN': zh };
