import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLError,
  type YAMLMap,
} from 'yaml';

/** One step of a stage: its commands as yip would give them to the shell, and those under the key it does not know. */
export interface StageStep {
  readonly path: string;
  readonly stage: string;
  readonly commands: readonly StageCommand[];
  /** `if:` and `node:` are the conditions; `only_os` and its like are unknown keys to both yips of elemental. */
  readonly conditional: boolean;
  /** It names steps to wait for. One that is not there, or comes later, makes yip panic. */
  readonly waits: boolean;
}

export interface StageCommand {
  readonly key: 'commands' | 'command';
  readonly line: number;
  readonly text: string;
}

export type StageFile =
  | { readonly kind: 'loaded'; readonly steps: readonly StageStep[]; readonly doubt: string | undefined }
  /** Not what yip can load: no YAML, or a value of the wrong type anywhere in it. */
  | { readonly kind: 'faulty'; readonly line: number; readonly detail: string };

/**
 * A file as yip loads it (pkg/schema at mudler's v1.4.0 and rancher's v1.9.6, both run beside it in
 * cni-reset-ineffective.kernel.test.ts): the first document alone, keys it does not know left out, a value of the wrong type an error.
 */
export function stageFileOf({ path, text }: { readonly path: string; readonly text: string }): StageFile {
  const lineCounter = new LineCounter();
  const [document] = parseAllDocuments(text, { lineCounter, logLevel: 'silent', merge: true }) as Document.Parsed[];
  const lineOf = (node: unknown) => lineCounter.linePos((node as Node | undefined)?.range?.[0] ?? 0).line;
  if (!document) return { kind: 'loaded', steps: [], doubt: undefined };
  const [error] = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  if (error) return { kind: 'faulty', line: error.linePos?.[0].line ?? 1, detail: firstLine(error) };
  try {
    const steps = stepsOf({ path, document, lineOf, merges: { left: MAX_MERGES } });
    return { kind: 'loaded', steps, doubt: doubtAbout(document, text) };
  } catch (fault) {
    if (!(fault instanceof WrongType)) throw fault;
    // Of a cloud-config the stages are a second reading, whose failure is passed over (loader_cloudinit.go).
    if (isCloudConfig(text)) return { kind: 'loaded', steps: [], doubt: undefined };
    return { kind: 'faulty', line: lineOf(fault.node), detail: fault.message };
  }
}

function firstLine({ message }: YAMLError): string {
  return message.split('\n')[0] ?? '';
}

/** What elemental's two yips differ in: which of two equal keys counts, and the strictness of cloud-config's own keys. */
function doubtAbout(document: Document.Parsed, text: string): string | undefined {
  if (document.errors.length > 0) return 'a key stands twice in one place';
  const others = isMap(document.contents)
    ? document.contents.items.filter(({ key }) => !['name', 'stages'].includes(textOf(key) ?? ''))
    : [];
  return isCloudConfig(text) && others.length > 0 ? 'a cloud-config with keys of its own' : undefined;
}

function isCloudConfig(text: string): boolean {
  return text.split('\n', 1)[0]?.trimEnd() === '#cloud-config';
}

interface Source {
  readonly path: string;
  readonly document: Document.Parsed;
  readonly lineOf: (node: unknown) => number;
  readonly merges: { left: number };
}

/** A map can be merged into itself, or ten times into each of ten. */
const MAX_MERGES = 1000;

function stepsOf(source: Source): StageStep[] {
  const top = mapAt(source, source.document.contents, 'the file');
  for (const { key, value } of top) if (textOf(key) === 'name') scalarAt(source, value, 'name');
  const stages = top.filter(({ key }) => textOf(key) === 'stages');
  return stages.flatMap(({ value }) =>
    mapAt(source, value, 'stages').flatMap(({ key, value: list }) =>
      listAt(source, list, `stage ${textOf(key) ?? ''}`).map((node) => stepOf(source, textOf(key) ?? '', node)),
    ),
  );
}

function stepOf(source: Source, stage: string, node: unknown): StageStep {
  const pairs = mapAt(source, node, `a step of ${stage}`);
  const commands: StageCommand[] = [];
  let conditional = false;
  let waits = false;
  for (const { key, value } of pairs) {
    const name = textOf(key) ?? '';
    SHAPES[name]?.(source, value, name);
    if (name === 'commands' || name === 'command')
      commands.push(...commandsAt(source, name, value, source.lineOf(key)));
    if (name === 'if' || name === 'node') conditional ||= (textOf(resolved(source, value)) ?? '') !== '';
    if (name === 'after') waits ||= listAt(source, value, name).length > 0;
  }
  return { path: source.path, stage, commands, conditional, waits };
}

function commandsAt(source: Source, key: StageCommand['key'], value: unknown, line: number): StageCommand[] {
  const list = resolved(source, value);
  const nodes = isSeq(list) ? list.items : [list];
  return nodes.map((node) => ({ key, line, text: textOf(resolved(source, node)) ?? '' }));
}

class WrongType extends Error {
  readonly node: unknown;
  constructor(node: unknown, message: string) {
    super(message);
    this.node = node;
  }
}

type Check = (source: Source, node: unknown, what: string) => unknown;

const scalars: Check = (source, node, what) =>
  listAt(source, node, what).map((item) => scalarAt(source, item, `an item of ${what}`));
const texts: Check = (source, node, what) =>
  mapAt(source, node, what).map(({ key, value }) => scalarAt(source, value, `${what}: ${textOf(key) ?? ''}`));
const maps: Check = (source, node, what) =>
  listAt(source, node, what).map((item) => mapAt(source, item, `an item of ${what}`));
/** Owner and mode are numbers: `permissions: "0644"` in quotes is none. */
const entries: Check = (source, node, what) => {
  for (const item of listAt(source, node, what)) {
    for (const { key, value } of mapAt(source, item, `an item of ${what}`)) {
      const name = textOf(key) ?? '';
      if (['permissions', 'owner', 'group', 'timeout'].includes(name)) numberAt(source, value, `${what}: ${name}`);
    }
  }
};

/** The types of a step's keys (pkg/schema/schema.go, Stage). */
const SHAPES: Readonly<Record<string, Check>> = Object.assign(Object.create(null), {
  ...Object.fromEntries(['if', 'node', 'hostname', 'name', 'environment_file'].map((key) => [key, scalarAt])),
  ...Object.fromEntries(['commands', 'modules'].map((key) => [key, scalars])),
  ...Object.fromEntries(['files', 'downloads', 'directories'].map((key) => [key, entries])),
  ...Object.fromEntries(['after', 'ensure_entities', 'delete_entities'].map((key) => [key, maps])),
  ...Object.fromEntries(['sysctl', 'environment', 'systemd_firstboot', 'timesyncd'].map((key) => [key, texts])),
  ...Object.fromEntries(
    ['dns', 'authorized_keys', 'users', 'systemctl', 'datasource', 'layout', 'git'].map((key) => [key, mapAt]),
  ),
});

function resolved({ document }: Source, node: unknown): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

const isNothing = (node: unknown) =>
  node === null || node === undefined || (isScalar(node) && node.value === null && node.type === 'PLAIN');

/** The pairs of a map, those merged in by `<<` behind its own; none where nothing stands. */
function mapAt(source: Source, node: unknown, what: string): readonly Pair[] {
  const map = resolved(source, node);
  if (isNothing(map)) return [];
  if (!isMap(map) || source.merges.left < 0) throw new WrongType(map, `${what} must be a map`);
  const own = map.items.filter(({ key }) => textOf(key) !== '<<');
  const names = new Set(own.map(({ key }) => textOf(key)));
  const merged = (map as YAMLMap).items
    .filter(({ key }) => textOf(key) === '<<')
    .flatMap(({ value }) => {
      source.merges.left -= 1;
      const from = resolved(source, value);
      return (isSeq(from) ? from.items : [from]).flatMap((one) => mapAt(source, one, what));
    });
  return [...own, ...merged.filter(({ key }) => !names.has(textOf(key)))];
}

function listAt(source: Source, node: unknown, what: string): readonly unknown[] {
  const list = resolved(source, node);
  if (isNothing(list)) return [];
  if (!isSeq(list)) throw new WrongType(list, `${what} must be a list`);
  return list.items;
}

function scalarAt(source: Source, node: unknown, what: string): void {
  const scalar = resolved(source, node);
  if (!isNothing(scalar) && !isScalar(scalar)) throw new WrongType(scalar, `${what} must be a text`);
}

function numberAt(source: Source, node: unknown, what: string): void {
  const scalar = resolved(source, node);
  if (isNothing(scalar) || (isScalar(scalar) && Number.isInteger(scalar.value))) return;
  throw new WrongType(scalar, `${what} must be a number`);
}

/** A scalar as it is written: `0` and `off` stay text, as in a Go string. */
function textOf(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return node.type === 'PLAIN' && node.source !== undefined ? node.source : String(node.value);
}
