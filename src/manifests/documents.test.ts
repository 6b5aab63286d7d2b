import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentsIn } from './documents.ts';
import { dataAt, entryAt, manifestFile, manifestsIn, placeInside, placeOf, textAt } from './manifest.ts';

function read(text: string) {
  const file = manifestFile('f', text);
  const parts = [...documentsIn(text)];
  return {
    faults: parts.flatMap((part) => (part.kind === 'fault' ? [{ ...part.fault, ...file.placeOf(part.offset) }] : [])),
    manifests: parts.flatMap((part) => (part.kind === 'document' ? [...manifestsIn(file, part.document)] : [])),
  };
}
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n';

describe('documents of a file', () => {
  it('are read each by itself, with their places in the file', () => {
    const { manifests, faults } = read(
      `# licence\n---\n${CONFIG_MAP}---\na: b: c\n---\r\n${CONFIG_MAP.replace('a\n', 'c\n')}`,
    );
    expect(manifests.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(faults).toMatchObject([{ kind: 'syntax', line: 8, column: 4 }]);
    const last = manifests[1]!;
    expect(placeOf(last, entryAt(last, ['metadata', 'name'])!.node!)).toEqual({ line: 13, column: 9 });
  });

  it('are not parted within a line, and a directive stays with its document', () => {
    expect(read(`%YAML 1.2\n---\n${CONFIG_MAP}data: {a: "x --- y", b: ----}\n`)).toMatchObject({
      faults: [],
      manifests: [{ name: 'a' }],
    });
    expect(read('---\n---\n# nothing\n---\n').manifests).toEqual([]);
  });

  it('that are Lists hold objects, of any depth, with the kind of a typed list', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- kind: List\n  items:\n  - {kind: A, metadata: {name: a}}\n- {kind: B, metadata: {name: b, uid: u}}\n`;
    expect(read(list).manifests).toMatchObject([
      { kind: 'A', name: 'a', live: false },
      { kind: 'B', name: 'b', live: true },
    ]);
    const typed = 'apiVersion: g/v1\nkind: VlanConfigList\nitems:\n- metadata: {name: v}\n- 7\n';
    expect(read(typed).manifests).toMatchObject([{ kind: 'VlanConfig', apiVersion: 'g/v1', name: 'v' }]);
  });

  it('that are JSON may be indented by tabs, and be one line', () => {
    const json = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }, undefined, '\t');
    expect(read(json)).toMatchObject({ faults: [], manifests: [{ name: 'a' }] });
    expect(read(json.replace(/\s/g, ''))).toMatchObject({ faults: [], manifests: [{ name: 'a' }] });
  });

  it('follow aliases and merges as YAML 1.1 does', () => {
    const text = 'x: &x {name: a, namespace: n}\nkind: K\nmetadata:\n  <<: *x\n  name: own\nspec: *x\n';
    const [manifest] = read(text).manifests;
    expect(manifest).toMatchObject({ name: 'own', namespace: 'n' });
    expect(entryAt(manifest!, ['metadata', 'namespace'])!.shared).toBe(true);
    expect(entryAt(manifest!, ['metadata', 'name'])!.shared).toBe(false);
    expect(dataAt(manifest!, ['spec'])).toEqual({ name: 'a', namespace: 'n' });
    const several = 'a: &a {x: 1}\nb: &b {x: 2, y: 2}\nkind: K\nspec: {<<: [*a, *b]}\n';
    expect(dataAt(read(several).manifests[0]!, ['spec'])).toEqual({ x: 1, y: 2 });
  });
});

const BOMB = Array.from({ length: 9 }, (_, n) => {
  const name = (k: number) => String.fromCharCode(97 + k);
  return `${name(n)}: &${name(n)} [${Array.from({ length: 9 }, () => (n === 0 ? 'x' : `*${name(n - 1)}`)).join(',')}]`;
}).join('\n');
const MERGES = BOMB.replace('[x,x,x,x,x,x,x,x,x]', '{k: v}').replace(/\[(\*.*)\]/g, '{<<: [$1]}');
const TEN_MB = 10_000_000;

describe('hostile input gives one fault with a place', () => {
  it.each<[string, string, object]>([
    ['a tab as indentation', 'a:\n\tb: 1\n', { kind: 'syntax', line: 2, column: 1 }],
    ['a text without its end', 'a: "b\nc: 1\n', { kind: 'syntax' }],
    ['a key twice', `${CONFIG_MAP}  name: b\n`, { kind: 'duplicate-key', key: 'name', line: 5, column: 3 }],
    ['a key twice, differently quoted', '{"a": 1, a: 2}', { kind: 'duplicate-key', column: 10 }],
    ['an alias bomb', `kind: K\n${BOMB}\n`, { kind: 'aliases', line: 10 }],
    ['a bomb of merges', `kind: K\n${MERGES}\nmetadata: *i\n`, { kind: 'aliases' }],
    ['an anchor in itself', 'kind: K\na: &a [*a]\n', { kind: 'alias-within', line: 2, column: 8 }],
    ['a merge of itself', 'kind: K\nmetadata: &a {<<: *a}\n', { kind: 'alias-within' }],
    ['an alias of nothing', 'kind: K\na: *nobody\n', { kind: 'alias-unknown', line: 2, column: 4 }],
    ['a million brackets', '['.repeat(1e6), { kind: 'too-deep', line: 1, column: 257 }],
    ['100,000 dashes', '- '.repeat(1e5), { kind: 'too-deep' }],
    ['100,000 objects in objects', '{"kind":'.repeat(1e5), { kind: 'too-deep' }],
    ['100,000 directives', '%a b\n'.repeat(1e5), { kind: 'too-many-tokens' }],
    ['a million marks of a tag', `kind: ${'!'.repeat(1e6)}a x`, { kind: 'syntax' }],
    ['a Helm template', '{{- if .Values.x }}\nkind: K\n{{- end }}\n', { kind: 'template', line: 1 }],
    [
      'a template’s value',
      'kind: K\nmetadata:\n  name: {{ .Values.name }}\n',
      { kind: 'template', line: 3, column: 10 },
    ],
    ['a map as a key', 'kind: K\n? {a: 1}\n: x\n', { kind: 'key-not-text', line: 2 }],
    [
      'an object of 10 MB',
      `${CONFIG_MAP}data:\n  k: ${'x'.repeat(TEN_MB)}\n`,
      { kind: 'too-large', line: 1, column: 1 },
    ],
    ['an object of 10 MB of JSON', JSON.stringify({ data: 'x'.repeat(TEN_MB), kind: 'K' }), { kind: 'too-large' }],
  ])('%s', (_what, text, wanted) => {
    const { faults, manifests } = read(text);
    expect(faults).toMatchObject([wanted]);
    expect(manifests).toEqual([]);
  });

  it.each([
    ['10 MB of newlines', '\n'.repeat(TEN_MB)],
    ['10 MB of comments', '# a\n'.repeat(TEN_MB / 4)],
    ['10 MB that are no manifest', 'x'.repeat(TEN_MB)],
    ['braces in quotes, as alerts have them', `${CONFIG_MAP}data:\n  a: '{{ $labels.pod }}'\n`],
    ['a few aliases', `${CONFIG_MAP}data: {a: &a {b: c}, d: *a, e: *a}\n`],
  ])('and what is not gives none: %s', (_what, text) => {
    expect(read(text).faults).toEqual([]);
  });

  it('reads a List of thousands of objects', () => {
    const item = '- kind: K\n  metadata:\n    name: a\n    labels: {a: "b"}\n';
    const { manifests, faults } = read(`kind: List\nitems:\n${item.repeat(3000)}`);
    expect([manifests.length, faults]).toEqual([3000, []]);
  });

  it('of any kind is read to its end', () => {
    const pieces = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '\t',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '<<',
      '"',
      "'",
      '|',
      '>',
      '#',
      '---\n',
      '%',
      '!',
      '?',
      ',',
      '\r',
      '\u2028',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(pieces).map((all) => all.join('')),
        ),
        (text) => {
          const { manifests, faults } = read(text);
          for (const manifest of manifests) dataAt(manifest, []);
          for (const { line, column } of faults) expect(line * column).toBeGreaterThan(0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a place inside a text', () => {
  it.each<[string, object]>([
    ['c: \'{"a":auto}\'\n', { line: 2, column: 10 }],
    ['c: "{\\"a\\":auto}"\n', { line: 2, column: 4 }],
    ['c: |\n    {"a":auto}\n', { line: 3, column: 10 }],
    ['c: |-\n    {\n    "a":auto}\n', { line: 4, column: 9 }],
    ['c: >-\n    {"a":auto}\n', { line: 3, column: 10 }],
    ['c: >-\n    {\n    "a":auto}\n', { line: 2, column: 4 }],
  ])('%j', (text, wanted) => {
    const [manifest] = read(`kind: K\n${text}`).manifests;
    const { node } = entryAt(manifest!, ['c'])!;
    const index = textAt(manifest!, ['c'])!.indexOf('auto');
    expect(placeInside(manifest!, node as never, index)).toEqual(wanted);
  });
});

describe('what is large takes time that grows with it', () => {
  it.each([
    ['newlines around a word', `a: 1\n${'\n'.repeat(TEN_MB / 20)}b`],
    ['newlines and a kind', `${'\n'.repeat(TEN_MB / 2)}kind: K\n`],
    ['blanks before a brace', `${' '.repeat(TEN_MB / 2)}{"kind": "K"}`],
    ['kinds without an end', `kind: ${'x'.repeat(TEN_MB / 2)}`],
    ['bars', `kind: K\n# a\n${'---x\n'.repeat(TEN_MB / 5)}`],
    ['comments and marks', '# a\n---\n'.repeat(20_000)],
  ])('%s', (_what, text) => {
    expect(read(text).faults.length).toBeLessThanOrEqual(1);
  });
});
