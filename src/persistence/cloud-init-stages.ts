import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';
import { known, type Reading, unknown } from '../hosts/reading.ts';
import type { TextFile } from '../snapshot/sysctl-files.ts';
import type { Place } from './boot.ts';
import { commandEffects, type Effect, moduleName } from './commands.ts';

/** A file a stage writes; `content` undefined where it cannot be told from the stage alone. */
export interface WrittenFile {
  readonly kind: 'file';
  readonly path: string;
  readonly content: string | undefined;
}

/** One thing a cloud-init stage does, in the order yip does it. */
export interface StageAction extends Place {
  readonly stage: string;
  /** Before systemd-sysctl (in the initramfs) or after it. */
  readonly early: boolean;
  /** False: the step has a condition (`if`, `node`) or the command has one. */
  readonly certain: boolean;
  readonly effect: Effect | WrittenFile;
}

/**
 * Stages in the order elemental's units run them. Those of the initramfs are over before systemd-sysctl starts
 * (elemental-setup-{rootfs,initramfs}.service); `fs` runs beside it, after local-fs.target; the rest after sysinit.
 */
const EARLY = ['pre-rootfs', 'rootfs', 'initramfs'] as const;
const LATE = ['fs', 'boot', 'network', 'reconcile'] as const;
const STAGES: readonly string[] = [...EARLY, ...LATE].flatMap((stage) => [`${stage}.before`, stage, `${stage}.after`]);

/**
 * Keys of a step that make it conditional to elemental's yips (pkg/executor/executor.go at mudler's v1.4.0 and rancher's v1.9.6;
 * lab/yip.ts): `only_os` and its like are unknown to them, and the step runs.
 */
const CONDITIONS = ['if', 'node'] as const;

/**
 * What yip stages do to settings, modules and files, in order: stage by stage over all files, and within one step
 * files, commands, sysctl, modules (yip pkg/executor/executor.go). So a step's own `modules` come too late for its
 * `sysctl`. Unknown keys, such as `command:` for `commands:`, have no effect. A file that does not parse stops its
 * whole directory in yip: the reading is then `failed`.
 */
export function stageActions(files: readonly TextFile[]): Reading<readonly StageAction[]> {
  const steps: Step[] = [];
  for (const file of files) {
    if (!file.text.known) return file.text;
    const read = stepsOf(file.path, file.text.value);
    if (typeof read === 'string') return unknown('failed', file.path, read);
    steps.push(...read);
  }
  const order = (step: Step) => STAGES.indexOf(step.stage);
  const sorted = steps.filter((step) => order(step) >= 0).sort((a, b) => order(a) - order(b));
  return known(sorted.flatMap(actionsOf), 'cloud-init stages');
}

interface Step {
  readonly file: string;
  readonly stage: string;
  readonly map: YAMLMap;
  readonly lineOf: (node: unknown) => number;
}

/** The steps of one file; a text says why it cannot be read. */
function stepsOf(file: string, text: string): Step[] | string {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, logLevel: 'silent' });
  const error = document.errors[0];
  if (error) return `${file}:${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0] ?? ''}`;
  const lineOf = (node: unknown) => lineCounter.linePos((node as ParsedNode | null)?.range?.[0] ?? 0).line;
  const stages = isMap(document.contents) ? document.contents.get('stages', true) : undefined;
  if (!isMap(stages)) return [];
  return stages.items.flatMap(({ key, value }) =>
    itemsOf(value)
      .filter((step): step is YAMLMap => isMap(step))
      .map((map) => ({ file, stage: textOf(key) ?? '', map, lineOf })),
  );
}

function actionsOf(step: Step): StageAction[] {
  const { map, stage, file, lineOf } = step;
  const conditional = CONDITIONS.some((key) => map.has(key));
  const early = EARLY.some((name) => name === stage.replace(/\.(before|after)$/, ''));
  const action = (node: unknown, text: string, effect: StageAction['effect'], certain = true): StageAction => ({
    file,
    line: lineOf(node),
    text,
    stage,
    early,
    certain: certain && !conditional,
    effect,
  });
  return [
    ...itemsOf(map.get('files', true)).flatMap((node) => {
      const written = writtenFile(node);
      return written ? [action(node, `${stage}: files: ${written.path}`, written)] : [];
    }),
    ...itemsOf(map.get('commands', true)).flatMap((node) => {
      const line = textOf(node) ?? '';
      const { effects, certain } = commandEffects(line);
      return effects.map((effect) => action(node, `${stage}: ${oneLine(line)}`, effect, certain));
    }),
    ...settingsOf(map.get('sysctl', true)).map(({ node, name, value }) =>
      action(node, `${stage}: sysctl: ${name}: ${value}`, {
        kind: 'write',
        key: name.split('.').filter(Boolean).join('/'),
        value,
      }),
    ),
    ...itemsOf(map.get('modules', true)).map((node) => {
      const name = (textOf(node) ?? '').split(' ')[0] ?? '';
      return action(node, `${stage}: modules: ${name}`, { kind: 'load-module', name: moduleName(name) });
    }),
  ];
}

/** yip splits a sysctl's name at its dots alone: an interface's name with a dot in it cannot be reached that way. */
function settingsOf(node: unknown): { node: unknown; name: string; value: string }[] {
  if (!isMap(node)) return [];
  return node.items.map((pair) => ({ node: pair.key, name: textOf(pair.key) ?? '', value: textOf(pair.value) ?? '' }));
}

function writtenFile(node: unknown): WrittenFile | undefined {
  if (!isMap(node)) return undefined;
  const path = textOf(node.get('path', true));
  if (path === undefined) return undefined;
  const encoding = textOf(node.get('encoding', true)) ?? '';
  const content = textOf(node.get('content', true)) ?? '';
  return { kind: 'file', path, content: decoded(content, encoding) };
}

function decoded(content: string, encoding: string): string | undefined {
  if (content.includes('{{')) return undefined;
  if (encoding === '') return content;
  return /^(b64|base64)$/.test(encoding) ? Buffer.from(content, 'base64').toString() : undefined;
}

function itemsOf(node: unknown): readonly unknown[] {
  return isSeq(node) ? (node.items as readonly Node[]) : [];
}

/** A scalar as it is written: `0` and `off` stay text, as in Go's map[string]string. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return node.type === 'PLAIN' && node.source !== undefined ? node.source : String(node.value);
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ');
}
