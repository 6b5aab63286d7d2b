import { isMap, isScalar, isSeq } from 'yaml';
import { documentsIn } from '../../manifests/documents.ts';
import { renameKey } from '../../manifests/edit.ts';
import { textOf, type YamlNode } from '../../manifests/inspect.ts';
import {
  type Entry,
  entriesOf,
  entryAt,
  isText,
  type Manifest,
  manifestFile,
  manifestsIn,
  placeInside,
  placeOf,
} from '../../manifests/manifest.ts';
import type { Place } from '../../manifests/places.ts';
import { cleaningOf } from '../../problems/cni-reset-ineffective/cleaning.ts';
import { defineRule, evidenceAt, type Verdict } from '../rule.ts';
import type { Sight } from '../sight.ts';

interface Facts {
  readonly stage: string;
  /** It was to give leaked Pod addresses back. */
  readonly leases: boolean;
}

/** A step with `command:`, and where that stands. */
interface Step {
  readonly stage: string;
  readonly entry: Entry;
  readonly commands: string;
  /** There is a right key beside it. */
  readonly alsoRight: boolean;
}

/** A yip file: stages of Harvester's boot, in /oem or an installer's configuration. */
function isStageFile(manifest: Manifest): boolean {
  return manifest.kind === '' && isMap(entryAt(manifest, ['stages'])?.value);
}

function* check(sight: Sight): Generator<Verdict<Facts>> {
  for (const manifest of sight.manifests) {
    if (isStageFile(manifest)) {
      const verdicts: Verdict<Facts>[] = [...stepsIn(manifest)].map((step) =>
        found(manifest, step, placeOf(manifest, step.entry.key)),
      );
      const fine = { status: 'ok', subject: '', evidence: [] } as const;
      if (verdicts.length === 0) yield { file: manifest.file.name, judgement: fine };
      yield* verdicts;
    }
  }
  for (const manifest of sight.ofKind('CloudInit')) yield* cloudInit(manifest);
}

/** Harvester's CloudInit object holds such a file as a text (node.harvesterhci.io, spec.contents). */
function* cloudInit(manifest: Manifest): Generator<Verdict<Facts>> {
  const entry = entryAt(manifest, ['spec', 'contents']);
  if (!entry || !isText(entry.value)) return;
  const inner = manifestFile(manifest.file.name, entry.value.value);
  for (const part of documentsIn(inner.text)) {
    if (part.kind === 'fault') continue;
    for (const file of manifestsIn(inner, part.document)) {
      if (!isStageFile(file)) continue;
      for (const step of stepsIn(file)) {
        const offset = part.document.start + (step.entry.key.range?.[0] ?? 0);
        const { repair: _, ...verdict } = found(manifest, step, placeInside(manifest, entry.value, offset));
        yield verdict;
      }
    }
  }
}

function* stepsIn(manifest: Manifest): Generator<Step> {
  for (const [stage, { value }] of entriesOf(manifest, entryAt(manifest, ['stages'])?.value)) {
    if (!isSeq(value)) continue;
    for (const item of value.items) {
      const entries = entriesOf(manifest, manifest.document.resolve(item as YamlNode));
      const entry = entries.get('command');
      if (entry) yield { stage, entry, commands: commandsOf(manifest, entry), alsoRight: entries.has('commands') };
    }
  }
}

function commandsOf(manifest: Manifest, { value }: Entry): string {
  const nodes = isSeq(value) ? value.items.map((item) => manifest.document.resolve(item as YamlNode)) : [value];
  return nodes.flatMap((node) => (isScalar(node) ? [textOf(node)] : [])).join('\n');
}

function found(manifest: Manifest, step: Step, place: Place): Verdict<Facts> {
  const { stage, entry, commands, alsoRight } = step;
  const file = manifest.file.name;
  const facts = { stage, leases: cleaningOf(commands) !== 'no' };
  const evidence = [evidenceAt(file, place, { source: `stages.${stage}`, value: 'command:', wanted: 'commands:' })];
  const edit = !alsoRight && isSeq(entry.value) ? renameKey(manifest, entry, 'commands') : undefined;
  return {
    file,
    judgement: { status: 'problem', severity: 'warning', subject: stage, facts, evidence },
    ...(edit && {
      repair: { summary: { en: 'rename command to commands', 'zh-CN': '将 command 改为 commands' }, edits: [edit] },
    }),
  };
}

/** A stage whose command is never run, above all the one that gives leaked addresses back. */
export const cniResetIneffective = defineRule<Facts>({
  id: 'cni-reset-ineffective',
  title: { en: 'Stages at boot: whether they are run', 'zh-CN': '启动阶段：命令是否会执行' },
  check,
  explain: ({ stage, leases }) => ({
    title: { en: `A command of stage ${stage} is never run`, 'zh-CN': `${stage} 阶段的命令永远不会执行` },
    cause: {
      en: 'The key is command:, and yip knows commands: alone; what it does not know it passes over in silence.',
      'zh-CN': '键写成了 command:，而 yip 只认识 commands:；不认识的键会被静默忽略。',
    },
    impact: leases
      ? {
          en: 'Leaked Pod addresses are not cleared at boot: after some hard power-offs no Pod starts ("no IP addresses available in range set").',
          'zh-CN':
            '启动时不会清理泄漏的 Pod 地址：多次强制断电后，Pod 无法启动（“no IP addresses available in range set”）。',
        }
      : { en: 'What the command was for is not done at boot.', 'zh-CN': '该命令要做的事在启动时不会执行。' },
  }),
});
