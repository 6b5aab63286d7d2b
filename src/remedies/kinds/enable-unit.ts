import { type ActingHost, HostError } from '../../hosts/host.ts';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import type { Actions, StepOf } from '../actions.ts';
import type { ImageOf } from '../image.ts';
import { runOrThrow } from '../run.ts';

export const enableUnit: Actions<'enable-unit'> = {
  volatile: false,
  observe,
  asWanted: (_step, image) => image.state === 'enabled',
  refuses: (step, before) =>
    before.state === 'masked'
      ? { en: `${step.unit} is masked`, 'zh-CN': `${step.unit} 已被屏蔽（masked）` }
      : undefined,
  apply: async (host, step) => {
    await runOrThrow(host, ['systemctl', 'enable', '--', step.unit]);
  },
  differences(step, expected, found) {
    if (expected.state === found.state) return [];
    return [{ what: step.unit, expected: expected.state, found: found.state }];
  },
  async restore(host, step) {
    await runOrThrow(host, ['systemctl', 'disable', '--', step.unit]);
    return undefined;
  },
};

/** `systemctl is-enabled` exits 1 for most states and prints the state all the same. */
async function observe(host: ActingHost, step: StepOf<'enable-unit'>): Promise<Reading<ImageOf<'enable-unit'>>> {
  const source = `systemctl is-enabled ${step.unit}`;
  try {
    const result = await host.run(['systemctl', 'is-enabled', '--', step.unit]);
    const state = result.stdout.trim();
    if (/^[a-z-]+$/.test(state)) return known({ kind: 'enable-unit', state }, source);
    if (/No such file|not found/i.test(result.stderr))
      return known({ kind: 'enable-unit', state: 'not-found' }, source);
    return unknown('failed', source, firstLine(result.stderr) || 'systemctl said nothing');
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return unknown('failed', source, error.message);
  }
}
