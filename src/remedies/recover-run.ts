import type { ActingHost } from '../hosts/host.ts';
import type { Bilingual } from '../lang.ts';
import { asWanted, differences, isVolatile, observe, plain } from './execute.ts';
import type { Journal } from './journal.ts';
import type { StepRecord } from './run-record.ts';

/** A step that a kill caught between its intent and its result, and what the node says became of it. */
export interface Recovered {
  readonly record: StepRecord;
  readonly outcome: 'done' | 'nothing' | 'unclear';
  readonly detail: Bilingual;
}

const DONE: Bilingual = { en: 'it had been carried out', 'zh-CN': '该步骤已经执行' };
const NEVER: Bilingual = { en: 'it had not happened', 'zh-CN': '该步骤并未执行' };
const UNCLEAR: Bilingual = {
  en: 'its present value is neither what it was nor what was wanted; it is left alone',
  'zh-CN': '当前值既非原值也非目标值，保持不动',
};

/**
 * Settles the unfinished intents of an interrupted run by looking: as before, nothing happened; as wanted, it was
 * done; anything else is left for a person. Records what it finds. Throws JournalError.
 */
export async function recoverRun(host: ActingHost, journal: Journal, bootId: string): Promise<readonly Recovered[]> {
  const recovered: Recovered[] = [];
  for (const record of journal.steps().filter(({ phase }) => phase === 'intended')) {
    recovered.push(await recoverStep(host, journal, record, bootId === journal.bootId));
  }
  return recovered;
}

async function recoverStep(
  host: ActingHost,
  journal: Journal,
  record: StepRecord,
  sameBoot: boolean,
): Promise<Recovered> {
  const { step, index, before } = record;
  if (isVolatile(step) && !sameBoot) {
    journal.record({ type: 'void', step: index });
    return { record, outcome: 'nothing', detail: NEVER };
  }
  const present = await observe(host, step);
  if (!present.known || !before) {
    return { record, outcome: 'unclear', detail: present.known ? UNCLEAR : plain(present.detail) };
  }
  // Telling a daemon twice does no harm, and what it has been told cannot be seen.
  const told = step.kind === 'reload';
  if (!told && asWanted(step, present.value)) {
    journal.record({ type: 'done', step: index, result: 'applied', after: present.value });
    return { record, outcome: 'done', detail: DONE };
  }
  if (told || differences(step, before, present.value).length === 0) {
    journal.record({ type: 'void', step: index });
    return { record, outcome: 'nothing', detail: NEVER };
  }
  return { record, outcome: 'unclear', detail: UNCLEAR };
}
