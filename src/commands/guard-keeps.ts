import { demandKey } from '../guard/demand.ts';
import { heldHere } from '../guard/hold/on-node.ts';
import type { GuardStatus } from '../guard/model.ts';
import { askGuard } from '../guard/tell/control.ts';
import type { Bilingual } from '../lang.ts';
import type { Step } from '../remedies/step.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';
import { placesHere } from './guard-control.ts';

/** Who keeps things on this machine, and which of those asked for. */
export interface Kept {
  /** The guard's process; `ended`: only its program in the kernel is left. */
  readonly by: number | 'ended';
  readonly keys: readonly string[];
}

/** The same for what was taken back, in words. */
export async function keptBy(steps: readonly Step[]): Promise<Bilingual | undefined> {
  const found = await guardKeeps(steps);
  return found && stillKept(found);
}

/** Which of the things that steps change a guard of this machine would put right again at once; undefined: none. */
export async function guardKeeps(steps: readonly Step[]): Promise<Kept | undefined> {
  const names = new Set(steps.flatMap(nameOf));
  if (names.size === 0) return undefined;
  const { socket, run } = placesHere();
  const answer = await askGuard(socket, 'GET', '/v1/status');
  if (answer.kind === 'nobody') return leftHeld(run, names);
  if (answer.kind !== 'answered' || answer.status !== 200) return undefined;
  const { pid, paused, enforce, keys } = JSON.parse(answer.body) as GuardStatus;
  const acts = enforce?.inForce === 'kernel' || enforce?.inForce === 'poll';
  if (!acts || paused || pid === null) return undefined;
  return kept(
    pid,
    keys.map(({ key }) => key),
    names,
  );
}

function leftHeld(run: string, names: ReadonlySet<string>): Kept | undefined {
  const held = heldHere(run);
  if (!held.known || !held.value.attached || held.value.mode !== 'hold') return undefined;
  return kept(
    'ended',
    held.value.settings.map(({ key }) => sysctlName(key)),
    names,
  );
}

function kept(by: Kept['by'], keys: readonly string[], names: ReadonlySet<string>): Kept | undefined {
  const found = keys.filter((key) => names.has(key));
  return found.length === 0 ? undefined : { by, keys: found };
}

/** What a step changes, by the name under which the guard keeps it. */
function nameOf(step: Step): readonly string[] {
  return step.kind === 'setting' || step.kind === 'bridge-setting' || step.kind === 'module' ? [demandKey(step)] : [];
}

/** What is to be known where a guard keeps what was taken back. */
function stillKept({ by, keys }: Kept): Bilingual {
  return by === 'ended'
    ? {
        en: `a guard that has ended left its program answering writes of ${keys.join(', ')}: it may not be taken back; hayward guard release, then hayward undo`,
        'zh-CN': `已结束的守护进程留下的内核程序仍在拦截对 ${keys.join('、')} 的写入，可能未能撤销；请先 hayward guard release，再 hayward undo`,
      }
    : {
        en: `a guard (process ${by}) keeps ${keys.join(', ')} here and writes it again`,
        'zh-CN': `守护进程（${by}）正在守护 ${keys.join('、')}，会再次写入`,
      };
}
