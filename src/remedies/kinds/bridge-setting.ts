import { type ActingHost, HostError } from '../../hosts/host.ts';
import { known, type Reading, unknown } from '../../hosts/reading.ts';
import { lastLine } from '../../hosts/sanitise.ts';
import { ipObjects, objectAt } from '../../snapshot/fields.ts';
import type { Actions, StepOf } from '../actions.ts';
import type { ImageOf } from '../image.ts';
import { runOrThrow } from '../run.ts';

type Name = StepOf<'bridge-setting'>['name'];

export const bridgeSetting: Actions<'bridge-setting'> = {
  volatile: true,
  observe,
  asWanted: (step, image) => image.value === step.value,
  refuses: (step, before) =>
    before.value === null
      ? { en: `there is no bridge ${step.bridge}`, 'zh-CN': `没有名为 ${step.bridge} 的网桥` }
      : undefined,
  apply: (host, step) => write(host, step, step.value),
  differences(step, expected, found) {
    if (expected.value === null || found.value === null || expected.value === found.value) return [];
    return [{ what: `${step.name} of ${step.bridge}`, expected: expected.value, found: found.value }];
  },
  async restore(host, step, before) {
    if (before.value !== null) await write(host, step, before.value);
    return undefined;
  },
};

async function write(host: ActingHost, step: StepOf<'bridge-setting'>, value: string): Promise<void> {
  await runOrThrow(host, ['ip', 'link', 'set', 'dev', step.bridge, 'type', 'bridge', step.name, value]);
}

/** By netlink: /sys/class/net belongs to the namespace in which it was mounted, which need not be this one. */
async function observe(host: ActingHost, step: StepOf<'bridge-setting'>): Promise<Reading<ImageOf<'bridge-setting'>>> {
  const source = `ip -d -j link show dev ${step.bridge}`;
  let result: Awaited<ReturnType<ActingHost['run']>>;
  try {
    result = await host.run(['ip', '-d', '-j', 'link', 'show', 'dev', step.bridge]);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return unknown('failed', source, error.message);
  }
  if (result.failed) {
    if (/does not exist/i.test(result.stderr)) return known({ kind: 'bridge-setting', value: null }, source);
    return unknown('failed', source, lastLine(result.stderr) || 'ip said nothing');
  }
  const value = valueIn(result.stdout, step.name);
  return value === undefined
    ? unknown('failed', source, `no ${step.name} in what ip says of ${step.bridge}`)
    : known({ kind: 'bridge-setting', value }, source);
}

/** The switch in `ip -d -j link` output; undefined where that is anything else. */
function valueIn(json: string, name: Name): '0' | '1' | undefined {
  try {
    const [link] = ipObjects(json);
    const value = link && objectAt(link, 'linkinfo', 'info_data').object[name];
    return value === 0 || value === false ? '0' : value === 1 || value === true ? '1' : undefined;
  } catch {
    return undefined;
  }
}
