import { viewOf } from '../../hosts/capture.ts';
import type { ActingHost } from '../../hosts/host.ts';
import { known, type Reading } from '../../hosts/reading.ts';
import { lastLine } from '../../hosts/sanitise.ts';
import type { Bilingual } from '../../lang.ts';
import { modules } from '../../snapshot/modules.ts';
import type { Actions, StepOf } from '../actions.ts';
import type { ImageOf } from '../image.ts';
import { runOrThrow } from '../run.ts';

type Image = ImageOf<'module'>;

export const kernelModule: Actions<'module'> = {
  volatile: true,
  observe: async (host, step) => observe(host, canonical(step.name)),
  asWanted: (_step, image) => image.state !== 'absent',
  apply: async (host, step) => {
    await runOrThrow(host, ['modprobe', '--', step.name]);
  },
  differences(step, expected, found) {
    if (expected.state === found.state) return [];
    return [{ what: `module ${step.name}`, expected: expected.state, found: found.state }];
  },
  restore,
};

/** The kernel prints `_` where a file name may have `-`. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

async function observe(host: ActingHost, name: string): Promise<Reading<Image>> {
  const list = '/proc/modules';
  const view = viewOf(await host.collect([...modules.asks, { kind: 'file', path: list }]));
  const text = view.text(list);
  // A kernel without module support has no /proc/modules; what it can do, it has built in.
  if (!text.known && text.reason !== 'absent') return text;
  const loaded = text.known ? namesIn(text.value) : [];
  if (loaded.includes(name)) return known({ kind: 'module', state: 'loaded', loaded }, text.source);
  const state = modules.parse(view).state(name);
  const builtIn = state.known && state.value === 'built-in';
  return known({ kind: 'module', state: builtIn ? 'built-in' : 'absent', loaded }, list);
}

function namesIn(procModules: string): string[] {
  return procModules.split('\n').flatMap((line) => line.split(' ', 1)[0] || []);
}

/**
 * Unloads what the load brought into memory, and nothing else: `modprobe -r` would also take modules along that were
 * there before and are idle. What is in use stays and is told.
 */
async function restore(
  host: ActingHost,
  step: StepOf<'module'>,
  before: Image,
  left: Image | undefined,
): Promise<Bilingual | undefined> {
  const name = canonical(step.name);
  if (before.state !== 'absent') return undefined;
  const brought = (left?.loaded ?? [name]).filter((one) => !before.loaded.includes(one));
  const unloaded = await host.run(['rmmod', name]);
  if (unloaded.failed) {
    const said = lastLine(unloaded.stderr) || 'rmmod said nothing';
    return { en: `${name} stays loaded: ${said}`, 'zh-CN': `${name} 仍保持加载：${said}` };
  }
  // Later lines of /proc/modules are older: what depends on others comes first. In use or already gone: leave it.
  for (const one of brought.filter((other) => other !== name)) await host.run(['rmmod', one]);
  return undefined;
}
