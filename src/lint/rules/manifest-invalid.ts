import { isMap, isScalar } from 'yaml';
import { duplicateName, jsonFault } from '../../harvester/json-fault.ts';
import { KEYS } from '../../harvester/names.ts';
import { NETWORK_KIND } from '../../harvester/vm-network.ts';
import type { Judgement } from '../../judging/finding.ts';
import type { Bilingual } from '../../lang.ts';
import { type Fault, LARGEST_REQUEST } from '../../manifests/fault.ts';
import {
  type Entry,
  entriesOf,
  entryAt,
  isText,
  type Manifest,
  placeInside,
  placeOf,
} from '../../manifests/manifest.ts';
import type { Place } from '../../manifests/places.ts';
import { defineRule, evidenceAt, type Verdict } from '../rule.ts';
import { type Sight, subjectOf } from '../sight.ts';

const MIB = 1024 * 1024;
const LARGEST_MIB = LARGEST_REQUEST / MIB;

interface Found {
  readonly file: string;
  readonly place: Place;
  readonly fault: Fault;
  readonly subject: string;
}

function verdict({ file, place, fault, subject }: Found): Verdict<Fault> {
  const evidence = [evidenceAt(file, place, { source: fieldOf(fault), value: seenOf(fault) })];
  return { file, judgement: { status: 'problem', severity: 'critical', subject, facts: fault, evidence } };
}

function fieldOf(fault: Fault): string {
  return 'field' in fault ? fault.field : 'document';
}

function seenOf(fault: Fault): string {
  if ('message' in fault) return fault.message;
  if (fault.kind === 'duplicate-key' || fault.kind === 'embedded-duplicate')
    return `the key ${fault.key} a second time`;
  return fault.kind;
}

/** Every object's metadata: a key whose value is no text makes kubectl refuse all of it. */
function* objectFaults(manifest: Manifest): Generator<Found> {
  const { file } = manifest;
  const at = (entry: Entry, fault: Fault): Found => {
    return { file: file.name, place: placeOf(manifest, entry.node ?? entry.key), fault, subject: subjectOf(manifest) };
  };
  const metadata = entryAt(manifest, ['metadata']);
  if (metadata?.value && !isMap(metadata.value)) yield at(metadata, { kind: 'not-a-map', field: 'metadata' });
  for (const field of ['labels', 'annotations']) {
    const entry = entryAt(manifest, ['metadata', field]);
    if (!entry?.value || isNull(entry)) continue;
    if (!isMap(entry.value)) yield at(entry, { kind: 'not-a-map', field: `metadata.${field}` });
    for (const [key, value] of entriesOf(manifest, entry.value)) {
      // A route that is no text is told of by its own rule.
      if (!value.value || isNull(value) || isText(value.value) || key === KEYS.route) continue;
      yield at(value, { kind: 'not-text', field: `metadata.${field}["${key}"]` });
    }
  }
}

function isNull({ value }: Entry): boolean {
  return isScalar(value) && value.value === null;
}

/** A CNI configuration is JSON in a text, whosever network it is. */
function* configFaults(manifest: Manifest): Generator<Found> {
  const entry = entryAt(manifest, ['spec', 'config']);
  const field = 'spec.config';
  if (!entry?.value || isNull(entry)) return;
  const node = entry.node ?? entry.key;
  const found = { file: manifest.file.name, subject: subjectOf(manifest) };
  if (!isText(entry.value)) {
    yield { ...found, place: placeOf(manifest, node), fault: { kind: 'not-text', field } };
    return;
  }
  const text = entry.value.value;
  if (text === '') return;
  const fault = jsonFault(text);
  if (!fault) return;
  const { message, at } = fault;
  const place = isText(node) ? placeInside(manifest, node, at) : placeOf(manifest, node);
  yield { ...found, place, fault: { kind: 'embedded-json', field, message } };
}

const EMBEDDED = [
  { field: 'spec.config', path: ['spec', 'config'] },
  { field: `metadata.annotations["${KEYS.route}"]`, path: ['metadata', 'annotations', KEYS.route] },
] as const;

/** In the JSON a text holds, which no API server reads. */
function* duplicates(manifest: Manifest): Generator<Found> {
  for (const { field, path } of EMBEDDED) {
    const entry = entryAt(manifest, path);
    if (!isText(entry?.value) || jsonFault(entry.value.value)) continue;
    const twice = duplicateName(entry.value.value);
    if (!twice) continue;
    const node = entry.node ?? entry.key;
    const place = isText(node) ? placeInside(manifest, node, twice.at) : placeOf(manifest, node);
    const fault = { kind: 'embedded-duplicate', field, key: twice.name } as const;
    yield { file: manifest.file.name, subject: subjectOf(manifest), place, fault };
  }
}

function* faults(sight: Sight): Generator<Found> {
  for (const one of sight.unreadable) yield { ...one, subject: '' };
  for (const manifest of sight.manifests) if (manifest.kind !== '') yield* objectFaults(manifest);
  for (const manifest of sight.ofKind(NETWORK_KIND)) {
    yield* configFaults(manifest);
    yield* duplicates(manifest);
  }
}

const WORDS: { readonly [K in Fault['kind']]: (fault: Extract<Fault, { kind: K }>) => Bilingual } = {
  'utf-16': () => wrongEncoding('UTF-16'),
  'utf-32': () => wrongEncoding('UTF-32'),
  'not-utf-8': () => ({
    en: 'A byte here is not UTF-8 (Latin-1 or GBK, perhaps): save the file as UTF-8.',
    'zh-CN': '此处的字节不是 UTF-8（可能是 Latin-1 或 GBK）：请以 UTF-8 保存文件。',
  }),
  nul: () => ({
    en: 'A NUL byte stands here: this is no text, or UTF-16 without its mark.',
    'zh-CN': '此处有 NUL 字节：不是文本文件，或是没有标记的 UTF-16。',
  }),
  syntax: ({ message }) => ({ en: `This is no YAML: ${message}.`, 'zh-CN': `不是合法的 YAML：${message}。` }),
  template: () => ({
    en: 'This is a template, no manifest: render it first (helm template . | hayward lint -).',
    'zh-CN': '这是模板，不是清单：请先渲染（helm template . | hayward lint -）。',
  }),
  'too-deep': ({ levels }) => ({
    en: `It is nested more than ${levels} levels deep.`,
    'zh-CN': `嵌套超过 ${levels} 层。`,
  }),
  'too-large': ({ bytes }) => ({
    en: `The object has ${(bytes / MIB).toFixed(1)} MiB; kube-apiserver takes requests of up to ${LARGEST_MIB} MiB.`,
    'zh-CN': `该对象有 ${(bytes / MIB).toFixed(1)} MiB；kube-apiserver 只接受不超过 ${LARGEST_MIB} MiB 的请求。`,
  }),
  'too-many-tokens': () => ({
    en: 'The document goes on for more than is read of one.',
    'zh-CN': '文档过长，超出读取上限。',
  }),
  aliases: ({ nodes }) => ({
    en: `Its aliases stand for ${amount(nodes) ?? 'endlessly many'} nodes: kubectl refuses it as excessive aliasing.`,
    'zh-CN': `别名展开后有 ${amount(nodes) ?? '无穷多'} 个节点：kubectl 会以 excessive aliasing 拒绝。`,
  }),
  'alias-unknown': ({ name }) => ({ en: `There is no anchor &${name} before it.`, 'zh-CN': `之前没有锚点 &${name}。` }),
  'alias-within': ({ name }) => ({
    en: `The anchor &${name} contains itself.`,
    'zh-CN': `锚点 &${name} 包含自身。`,
  }),
  'duplicate-key': ({ key }) => ({
    en: `The key ${JSON.stringify(key)} stands twice in one map; one of the two is lost.`,
    'zh-CN': `键 ${JSON.stringify(key)} 在同一个映射中出现两次，其中一个会丢失。`,
  }),
  'embedded-duplicate': ({ field, key }) => ({
    en: `In ${field} the name ${JSON.stringify(key)} stands twice; the last one counts, the other is lost.`,
    'zh-CN': `${field} 中名称 ${JSON.stringify(key)} 出现两次：以最后一个为准，另一个会丢失。`,
  }),
  'key-not-text': () => ({
    en: 'A key is itself a map or a list, which Kubernetes has no place for.',
    'zh-CN': '键本身是映射或列表，Kubernetes 不支持。',
  }),
  'not-text': ({ field }) => ({
    en: `${field} must be a text: put the value in quotes.`,
    'zh-CN': `${field} 必须是文本：请给值加引号。`,
  }),
  'not-a-map': ({ field }) => ({ en: `${field} must be a map.`, 'zh-CN': `${field} 必须是映射。` }),
  'embedded-json': ({ field, message }) => ({
    en: `${field} is not JSON: ${message}.`,
    'zh-CN': `${field} 不是 JSON：${message}。`,
  }),
};

/** 10,000,000; undefined for what no longer fits a line. */
function amount(nodes: number): string | undefined {
  return nodes < 1e15 ? nodes.toLocaleString('en') : undefined;
}

function wrongEncoding(name: string): Bilingual {
  return {
    en: `The file is ${name}, as PowerShell's > writes it; kubectl reads UTF-8.`,
    'zh-CN': `文件编码为 ${name}（PowerShell 的 > 会这样写）；kubectl 读取 UTF-8。`,
  };
}

/** Files that were read, of which nothing had to be said. */
function* fine(sight: Sight, wrong: ReadonlySet<string>): Generator<Verdict<Fault>> {
  for (const { name } of sight.files) {
    if (!wrong.has(name)) yield { file: name, judgement: { status: 'ok', subject: '', evidence: [] } };
  }
}

function unread(sight: Sight): Verdict<Fault>[] {
  return sight.unread.map(({ name, unread: { reason, detail } }) => {
    const judgement: Judgement<Fault> = {
      status: 'unknown',
      subject: '',
      severity: 'warning',
      unknown: { known: false, reason, detail, source: name },
      evidence: [],
    };
    return { file: name, judgement };
  });
}

/** What cannot be read as a manifest, or what no API server takes for one. */
export const manifestInvalid = defineRule<Fault>({
  id: 'manifest-invalid',
  title: { en: 'Manifests: whether they can be read', 'zh-CN': '清单：能否读取' },
  *check(sight) {
    yield* unread(sight);
    const wrong = new Set<string>();
    for (const found of faults(sight)) {
      wrong.add(found.file);
      yield verdict(found);
    }
    yield* fine(sight, wrong);
  },
  explain: (fault) => ({
    title: { en: 'The manifest cannot be read', 'zh-CN': '清单无法读取' },
    cause: (WORDS[fault.kind] as (one: Fault) => Bilingual)(fault),
    impact: {
      en: 'kubectl refuses it, or applies something else than is meant; what else is in it is not judged.',
      'zh-CN': 'kubectl 会拒绝它，或应用与本意不同的内容；其余内容未做检查。',
    },
  }),
});
