import { dirname } from 'node:path/posix';
import type { ActingHost, FileState } from '../../hosts/host.ts';
import { known } from '../../hosts/reading.ts';
import type { Bilingual } from '../../lang.ts';
import type { Actions, StepOf } from '../actions.ts';
import type { ImageOf } from '../image.ts';

type Image = ImageOf<'release-lease'>;
type Release = StepOf<'release-lease'>;

/** How long to wait for host-local, which holds its lock for milliseconds. */
const LOCK_WAIT_MS = 5_000;

type HolderOf = (state: FileState, step: Release) => Image['holder'];

export const releaseLease = releasingLease();

/** `holderOf`: what tells another's lease from the one meant; left out only in the test of what it is there for. */
export function releasingLease(holderOf: HolderOf = holderIn): Actions<'release-lease'> {
  return {
    // On the disk: that is why a lease outlives its sandbox.
    volatile: false,
    async observe(host, step) {
      const state = await host.stat(step.path);
      if (!state.known && state.reason !== 'absent') return state;
      const value: FileState = state.known ? state.value : { type: 'absent' };
      return known({ kind: 'release-lease', holder: holderOf(value, step), state: value }, step.path);
    },
    // Another's lease by now is no longer what was to be given back.
    asWanted: (_step, { holder }) => holder !== 'this',
    apply,
    differences(step, expected, found) {
      if ((expected.holder === 'this') === (found.holder === 'this')) return [];
      return [{ what: step.path, expected: expected.holder, found: found.holder }];
    },
    restore,
  };
}

/** host-local writes the id, CRLF and the interface's name, and once wrote the id alone; it compares them trimmed. */
function holderIn(state: FileState, { containerId, ifName }: Release): Image['holder'] {
  if (state.type === 'absent') return 'nobody';
  if (state.type !== 'file') return 'another';
  const held = Buffer.from(state.contentBase64, 'base64').toString().trim();
  return held === (ifName === '' ? containerId : `${containerId}\r\n${ifName}`) ? 'this' : 'another';
}

async function apply(host: ActingHost, step: Release, { state }: Image): Promise<void> {
  if (step.runtime) await host.stopSandbox(step.runtime.socket, step.containerId);
  else if (state.type === 'file') {
    const expected = Buffer.from(state.contentBase64, 'base64');
    await host.removeLocked(step.path, { ...lockOf(step), expected });
  }
}

function lockOf({ path }: Release): { readonly lock: string; readonly waitMs: number } {
  return { lock: `${dirname(path)}/lock`, waitMs: LOCK_WAIT_MS };
}

async function restore(host: ActingHost, step: Release, { state }: Image): Promise<Bilingual | undefined> {
  if (state.type !== 'file') return undefined;
  const { contentBase64, mode, uid, gid } = state;
  const content = Buffer.from(contentBase64, 'base64');
  const outcome = await host.createLocked(step.path, { ...lockOf(step), content, mode, uid, gid });
  if (outcome === 'done') return undefined;
  return outcome === 'absent'
    ? { en: `${dirname(step.path)} is gone`, 'zh-CN': `${dirname(step.path)} 已不存在` }
    : {
        en: 'the address was handed out again since: that lease is left alone',
        'zh-CN': '该地址此后已重新分配，新租约保持不动',
      };
}
