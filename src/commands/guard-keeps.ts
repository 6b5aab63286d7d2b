import { demandKey } from '../guard/demand.ts';
import { heldHere } from '../guard/hold/on-node.ts';
import type { GuardStatus } from '../guard/model.ts';
import { askGuard } from '../guard/tell/control.ts';
import type { Step } from '../remedies/step.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';
import { placesHere } from './guard-control.ts';

/** Who keeps things on this machine, and which of those asked for. */
export interface Kept {
  /** The guard's process; `ended`: only its program in the kernel is left. */
  readonly by: number | 'ended';
  readonly keys: readonly string[];
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
