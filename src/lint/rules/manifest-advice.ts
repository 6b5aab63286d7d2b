import { KEYS } from '../../harvester/names.ts';
import { readRoute } from '../../harvester/route.ts';
import type { Bilingual } from '../../lang.ts';
import { entryAt, type Manifest, type Path, placeOf, textAt } from '../../manifests/manifest.ts';
import { defineRule, evidenceAt, type Verdict } from '../rule.ts';
import { type Sight, subjectOf } from '../sight.ts';

type Facts =
  | { readonly kind: 'no-description'; readonly field: string }
  | { readonly kind: 'status-by-hand'; readonly field: string };

const KINDS = ['VlanConfig', 'HostNetworkConfig'] as const;

function* check(sight: Sight): Generator<Verdict<Facts>> {
  for (const { manifest } of sight.networks) {
    yield* undescribed(manifest, ['metadata', 'annotations', KEYS.description]);
    yield* statusByHand(manifest);
  }
  for (const manifest of sight.ofKind('ClusterNetwork')) {
    yield* undescribed(manifest, ['metadata', 'annotations', KEYS.description]);
  }
  for (const kind of KINDS) {
    for (const manifest of sight.ofKind(kind)) yield* undescribed(manifest, ['spec', 'description']);
  }
}

function* undescribed(manifest: Manifest, path: Path): Generator<Verdict<Facts>> {
  if ((textAt(manifest, path) ?? '') !== '') return;
  const field = path[0] === 'spec' ? 'spec.description' : `metadata.annotations["${KEYS.description}"]`;
  const key = entryAt(manifest, ['metadata', 'name'])?.key ?? entryAt(manifest, ['metadata'])?.key;
  yield advice(manifest, { kind: 'no-description', field }, key ?? manifest.map, 'absent');
}

/** What the controllers write of a network's state; written by hand it says what nobody has looked at. */
function* statusByHand(manifest: Manifest): Generator<Verdict<Facts>> {
  if (manifest.live) return;
  const ready = entryAt(manifest, ['metadata', 'labels', KEYS.ready]);
  if (ready) {
    const field = `metadata.labels["${KEYS.ready}"]`;
    const value = textAt(manifest, ['metadata', 'labels', KEYS.ready]) ?? '';
    yield advice(manifest, { kind: 'status-by-hand', field }, ready.key, value);
  }
  const path = ['metadata', 'annotations', KEYS.route];
  const route = entryAt(manifest, path);
  const read = readRoute(textAt(manifest, path) ?? '');
  if (route && read.ok && read.route.connectivity !== '') {
    const field = `metadata.annotations["${KEYS.route}"].connectivity`;
    yield advice(manifest, { kind: 'status-by-hand', field }, route.key, read.route.connectivity);
  }
}

function advice(manifest: Manifest, facts: Facts, at: Parameters<typeof placeOf>[1], value: string): Verdict<Facts> {
  const file = manifest.file.name;
  const evidence = [evidenceAt(file, placeOf(manifest, at), { source: facts.field, value })];
  return { file, judgement: { status: 'problem', severity: 'info', subject: subjectOf(manifest), facts, evidence } };
}

const TITLES: Readonly<Record<Facts['kind'], Bilingual>> = {
  'no-description': { en: 'The network has no description', 'zh-CN': '网络没有描述' },
  'status-by-hand': { en: 'A state is written by hand', 'zh-CN': '手工写入了状态' },
};
const CAUSES: Readonly<Record<Facts['kind'], (field: string) => Bilingual>> = {
  'no-description': (field) => ({ en: `${field} is empty.`, 'zh-CN': `${field} 为空。` }),
  'status-by-hand': (field) => ({
    en: `${field} is the controller's to write, after it has looked.`,
    'zh-CN': `${field} 应由控制器在检查之后写入。`,
  }),
};
const IMPACTS: Readonly<Record<Facts['kind'], Bilingual>> = {
  'no-description': {
    en: 'Nothing breaks; whoever reads the list of networks has to guess what this one is for.',
    'zh-CN': '没有影响；只是看网络列表的人需要猜测它的用途。',
  },
  'status-by-hand': {
    en: 'Until the controller writes it over, it says what nobody has looked at; with a connectivity given, Harvester leaves out its first ping.',
    'zh-CN': '在控制器改写之前，它说的是没有人检查过的状态；给出 connectivity 时，Harvester 会跳过首次 ping。',
  },
};

/** What a manifest had better say, or had better not. Information only. */
export const manifestAdvice = defineRule<Facts>({
  id: 'manifest-advice',
  title: { en: 'Manifests: what reads better', 'zh-CN': '清单：改进建议' },
  check,
  explain: ({ kind, field }) => ({ title: TITLES[kind], cause: CAUSES[kind](field), impact: IMPACTS[kind] }),
});
