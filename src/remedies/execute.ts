import { type ActingHost, HostError } from '../hosts/host.ts';
import { type Reading, unknown } from '../hosts/reading.ts';
import type { Bilingual } from '../lang.ts';
import type { Actions, Difference } from './actions.ts';
import type { Image } from './image.ts';
import { bridgeSetting } from './kinds/bridge-setting.ts';
import { enableUnit } from './kinds/enable-unit.ts';
import { file } from './kinds/file.ts';
import { kernelModule } from './kinds/module.ts';
import { releaseLease } from './kinds/release-lease.ts';
import { reload } from './kinds/reload.ts';
import { setting } from './kinds/setting.ts';
import type { Step, StepKind } from './step.ts';

const ACTIONS: { readonly [K in StepKind]: Actions<K> } = {
  setting,
  'bridge-setting': bridgeSetting,
  module: kernelModule,
  file,
  reload,
  'enable-unit': enableUnit,
  'release-lease': releaseLease,
};

/** What became of an attempt: values for everything a node may say. */
export type Attempt =
  | { readonly ok: true; readonly note?: Bilingual }
  | { readonly ok: false; readonly why: Bilingual };

/** The actions for a step's kind. The images a step is used with must be of its own kind. */
function actionsFor(step: Step): Actions<StepKind> {
  return ACTIONS[step.kind] as unknown as Actions<StepKind>;
}

/** The present state of what a step changes; taken before it, this is its before-image. Unknown too where the node is out of reach. */
export async function observe(host: ActingHost, step: Step): Promise<Reading<Image>> {
  try {
    return await actionsFor(step).observe(host, step);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return unknown('failed', host.name, error.message);
  }
}

/** Nothing needs to be written. */
export function asWanted(step: Step, image: Image): boolean {
  return actionsFor(step).asWanted(step, image);
}

/** Lost at a reboot by itself. */
export function isVolatile(step: Step): boolean {
  return actionsFor(step).volatile;
}

/** What is `found` otherwise than `expected`; empty when nothing is. */
export function differences(step: Step, expected: Image, found: Image): readonly Difference[] {
  return actionsFor(step).differences(step, expected, found);
}

/** Carries a step out from the state it was observed in. */
export async function apply(host: ActingHost, step: Step, before: Image): Promise<Attempt> {
  const actions = actionsFor(step);
  const refusal = actions.refuses?.(step, before);
  if (refusal !== undefined) return { ok: false, why: refusal };
  return attempt(async () => {
    await actions.apply(host, step, before);
    return undefined;
  });
}

const STILL_HELD: Bilingual = {
  en: 'nothing refused, yet the lease is still there',
  'zh-CN': '操作未被拒绝，但租约仍在',
};

/** Whether a step that was carried out shows the state it wanted; a step that tells a daemon shows nothing. */
export function verify(step: Step, after: Image): Attempt {
  if (step.kind === 'reload' || asWanted(step, after)) return { ok: true };
  if (step.kind === 'release-lease') return { ok: false, why: STILL_HELD };
  const now = describeImage(after);
  return { ok: false, why: { en: `it was written, yet it reads ${now}`, 'zh-CN': `已写入，但读回的是 ${now}` } };
}

/** Brings a before-image back. The note is what stayed although nothing failed. */
export async function restore(host: ActingHost, step: Step, before: Image, left: Image | undefined): Promise<Attempt> {
  return attempt(() => actionsFor(step).restore(host, step, before, left));
}

async function attempt(action: () => Promise<Bilingual | undefined>): Promise<Attempt> {
  try {
    const note = await action();
    return note === undefined ? { ok: true } : { ok: true, note };
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return { ok: false, why: plain(error.message) };
  }
}

/** A system's own words, the same in both languages. */
export function plain(text: string): Bilingual {
  return { en: text, 'zh-CN': text };
}

function describeImage(image: Image): string {
  switch (image.kind) {
    case 'setting':
    case 'bridge-setting':
      return image.value ?? 'nothing';
    case 'module':
    case 'enable-unit':
      return image.state;
    case 'file':
      return image.state.type === 'file' ? 'another content or mode' : `type ${image.state.type}`;
    case 'reload':
      return image.running ? 'running' : 'not running';
    case 'release-lease':
      return image.holder;
  }
}
