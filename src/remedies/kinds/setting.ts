import { viewOf } from '../../hosts/capture.ts';
import type { ActingHost } from '../../hosts/host.ts';
import { known, type Reading } from '../../hosts/reading.ts';
import type { Actions, Difference, StepOf } from '../actions.ts';
import { companionGlobs, restoreOrder } from '../companions.ts';
import type { ImageOf } from '../image.ts';

const ROOT = '/proc/sys/';

/** Passes over the companions on the way back: writing one may change a later one, never an earlier one twice. */
const PASSES = 3;

export const setting: Actions<'setting'> = {
  volatile: true,
  observe,
  asWanted: (step, image) => image.value !== null && sameValue(image.value, step.value),
  refuses: (step, before) =>
    before.value === null
      ? {
          en: `${ROOT}${step.key} does not exist: its module or interface is missing`,
          'zh-CN': `${ROOT}${step.key} 不存在：对应的模块或接口缺失`,
        }
      : undefined,
  apply: (host, step) => host.writeSetting(pathOf(step.key), step.value),
  differences,
  restore,
};

function pathOf(key: string): string {
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new TypeError(`${JSON.stringify(key)} is no setting below ${ROOT}`);
  }
  return `${ROOT}${key}`;
}

/** The kernel prints lists with tabs where people write blanks. */
function sameValue(one: string, other: string): boolean {
  return one.trim().replace(/\s+/g, ' ') === other.trim().replace(/\s+/g, ' ');
}

async function observe(host: ActingHost, step: StepOf<'setting'>): Promise<Reading<ImageOf<'setting'>>> {
  const own = await host.readSetting(pathOf(step.key));
  if (!own.known) {
    return own.reason === 'absent' ? known({ kind: 'setting', value: null, companions: {} }, own.source) : own;
  }
  const companions = await readCompanions(host, step.key);
  if (!companions.known) return companions;
  return known({ kind: 'setting', value: own.value, companions: companions.value }, own.source);
}

/** Every existing companion with its value. One that cannot be read makes the whole image unknown: undo would miss it. */
async function readCompanions(host: ActingHost, key: string): Promise<Reading<Record<string, string>>> {
  const globs = companionGlobs(key).map((glob) => ROOT + glob);
  const values: Record<string, string> = {};
  if (globs.length === 0) return known(values, ROOT + key);
  const view = viewOf(await host.collect(globs.map((glob) => ({ kind: 'values', glob }))));
  for (const glob of globs) {
    const files = view.files(glob);
    if (!files.known) {
      if (files.reason === 'absent') continue;
      return files;
    }
    for (const [path, reading] of files.value) {
      if (reading.known) values[path.slice(ROOT.length)] = reading.value.trimEnd();
      else if (reading.reason !== 'absent') return reading;
    }
  }
  delete values[key];
  return known(values, ROOT + key);
}

function differences(
  step: StepOf<'setting'>,
  expected: ImageOf<'setting'>,
  found: ImageOf<'setting'>,
): readonly Difference[] {
  const wanted = { ...expected.companions, ...(expected.value !== null && { [step.key]: expected.value }) };
  const present: Record<string, string | null> = { ...found.companions, [step.key]: found.value };
  return Object.entries(wanted).flatMap(([key, value]) => {
    const now = present[key];
    if (now === undefined || now === null || sameValue(now, value)) return [];
    return [{ what: ROOT + key, expected: value, found: now }];
  });
}

async function restore(host: ActingHost, step: StepOf<'setting'>, before: ImageOf<'setting'>): Promise<undefined> {
  if (before.value === null) return;
  const present = await host.readSetting(pathOf(step.key));
  if (present.known && !sameValue(present.value, before.value)) {
    await host.writeSetting(pathOf(step.key), before.value);
  }
  for (let pass = 0; pass < PASSES; pass++) {
    if (!(await restoreCompanions(host, step, before))) return;
  }
}

/** One pass; true when something had to be written, so that another look is due. */
async function restoreCompanions(
  host: ActingHost,
  step: StepOf<'setting'>,
  before: ImageOf<'setting'>,
): Promise<boolean> {
  const found = await readCompanions(host, step.key);
  if (!found.known) return false;
  const different = Object.keys(before.companions).filter((key) => {
    const now = found.value[key];
    return now !== undefined && !sameValue(now, before.companions[key] ?? '');
  });
  for (const key of restoreOrder(different)) await host.writeSetting(pathOf(key), before.companions[key] ?? '');
  return different.length > 0;
}
