import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { writeRoute } from '../harvester/route.ts';
import { lint } from './lint.ts';
import { repairFiles } from './repair.ts';
import { lintTexts, network, sightOfTexts } from './testing.ts';

const ROUTE = writeRoute({ mode: 'auto' });
const KEY = 'network.harvesterhci.io/route';

/** The text after repair; the same text where nothing was repaired. */
function repaired(text: string): string {
  const sight = sightOfTexts({ f: text });
  const wanted = { lang: 'en' } as const;
  return repairFiles(sight, lint(sight, wanted), wanted)[0]?.after ?? text;
}
const data = (text: string) => parseAllDocuments(text, { merge: true }).map((document) => document.toJS());
const repairable = (text: string) => lintTexts({ f: text }).filter(({ repair }) => repair).length;

/** A network without a route, laid out in one of the ways people and programs lay it out. */
const METADATA_KEYS = ['name: n', 'namespace: d', 'labels: {network.harvesterhci.io/type: L2VlanNetwork}'] as const;
const ANNOTATIONS = {
  none: [],
  null: ['annotations:'],
  'null, said': ['annotations: ~'],
  'null with a comment': ['annotations: # the UI adds some'],
  'an empty map': ['annotations: {}'],
  'an empty map with a comment': ['annotations: {} # none yet'],
  'an empty route': ['annotations:', `@${KEY}: ""`],
  'an empty route in single quotes': ['annotations:', `@${KEY}: ''`, '@a/b: c'],
  some: ['annotations:', '@# what it is for', '@field.cattle.io/description: x'],
  'some, behind a comment': ['annotations: # read by the UI', '@field.cattle.io/description: "x # y"', '@# last'],
  'some, of several lines': ['annotations:', '', '@a/b: |', '@  text: 1', '@c/d: >-', '@  folded'],
  'in braces': ['annotations: {field.cattle.io/description: x}'],
  'in braces over lines': ['annotations: {', '@field.cattle.io/description: x, # why', '@a/b: c', '}'],
} as const;

interface Layout {
  readonly step: number;
  readonly annotations: readonly string[];
  readonly at: number;
  readonly order: readonly string[];
  readonly eol: string;
  readonly list: boolean;
  readonly comments: boolean;
  readonly end: boolean;
  readonly before: boolean;
}

const layout: fc.Arbitrary<Layout> = fc.record({
  step: fc.integer({ min: 1, max: 5 }),
  annotations: fc.constantFrom(...Object.values(ANNOTATIONS)),
  at: fc.nat(3),
  order: fc.shuffledSubarray([...METADATA_KEYS], { minLength: 3, maxLength: 3 }),
  eol: fc.constantFrom('\n', '\r\n'),
  list: fc.boolean(),
  comments: fc.boolean(),
  end: fc.boolean(),
  before: fc.boolean(),
});

function laidOut({ step, annotations, at, order, eol, list, comments, end, before }: Layout): string {
  const blank = ' '.repeat(step);
  const metadata = [...order.slice(0, at), ...annotations.map((line) => line.replace('@', blank)), ...order.slice(at)];
  const object = [
    ...(comments ? ['# the tenants’ network'] : []),
    'kind: NetworkAttachmentDefinition',
    'apiVersion: k8s.cni.cncf.io/v1',
    comments ? 'metadata: # who' : 'metadata:',
    ...metadata.map((line) => (line === '' ? '' : blank + line)),
    ...(comments ? [`${blank}# end of metadata`, ''] : []),
    'spec:',
    `${blank}config: '{"type":"bridge","bridge":"mgmt-br","vlan":5}'`,
  ];
  const lines = list
    ? [
        'kind: List',
        'items:',
        ...object.map((line, index) => (line === '' ? '' : `${index === 0 ? '- ' : '  '}${line}`)),
        'apiVersion: v1',
      ]
    : object;
  // A comment cannot stand for a list's item.
  if (list && comments) lines.splice(2, 2, '# the tenants’ network', `- ${object[1]}`);
  return [...(before ? ['---', 'kind: ConfigMap', '---'] : []), ...lines, ...(end ? [''] : [])].join(eol);
}

function withRoute(value: unknown): unknown {
  const object = value as {
    items?: { metadata: { annotations?: object } }[];
    kind: string;
    metadata: { annotations?: object };
  };
  if (object.items) return { ...object, items: object.items.map(withRoute) };
  if (object.kind === 'ConfigMap') return object;
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [KEY]: ROUTE } } };
}

const comments = (text: string) => text.match(/(^|\s)#.*$/gm) ?? [];

describe('a missing route', () => {
  it.each(Object.keys(ANNOTATIONS))('is put into a manifest with annotations: %s', (name) => {
    const annotations = ANNOTATIONS[name as keyof typeof ANNOTATIONS];
    const base = {
      step: 2,
      at: 1,
      order: METADATA_KEYS,
      eol: '\n',
      list: false,
      comments: false,
      end: true,
      before: false,
    };
    const text = laidOut({ ...base, annotations });
    expect(data(repaired(text))).toEqual(data(text).map(withRoute));
  });

  it('changes nothing else, whatever the layout; done twice it is done once', () => {
    fc.assert(
      fc.property(layout, (one) => {
        const text = laidOut(one);
        const after = repaired(text);
        expect(data(after)).toEqual(data(text).map(withRoute));
        expect(comments(after)).toEqual(comments(text));
        expect(repairable(after)).toBe(0);
        expect(repaired(after)).toBe(after);
        // Every line but that of the annotations themselves stays as it is, in its order.
        const lines = after.split('\n');
        let from = 0;
        for (const line of text.split('\n')) {
          const found = lines.indexOf(line, from);
          if (found >= 0) from = found + 1;
          else expect(line).toMatch(/annotations:|route:/);
        }
        if (one.eol === '\r\n') expect(after.replaceAll('\r\n', '')).not.toContain('\n');
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['\t', '  ', '', '    '])('is put into JSON indented by %j', (indent) => {
    for (const metadata of [
      { name: 'n' },
      { annotations: {}, name: 'n' },
      { annotations: null },
      { name: 'n', annotations: { a: 'b' } },
    ]) {
      const config = '{"type":"bridge","bridge":"mgmt-br","vlan":5}';
      const object = {
        apiVersion: 'k8s.cni.cncf.io/v1',
        kind: 'NetworkAttachmentDefinition',
        metadata,
        spec: { config },
      };
      const after = repaired(JSON.stringify(object, undefined, indent));
      expect(JSON.parse(after)).toEqual(withRoute(object));
      expect(after.split('\n').length >= JSON.stringify(object, undefined, indent).split('\n').length).toBe(true);
    }
  });

  it.each([
    ['annotations others share', 'a: &a {x/y: z}\nmetadata:\n  name: n\n  annotations: *a\n'],
    ['annotations that are an anchor', 'metadata:\n  name: n\n  annotations: &a\n    x/y: z\nother: *a\n'],
    ['annotations merged in', 'a: &a {annotations: {x/y: z}}\nmetadata:\n  <<: *a\n  name: n\n'],
    ['metadata others share', 'a: &a {name: n}\nmetadata: *a\n'],
    ['explicit keys', '? metadata\n: name: n\n'],
  ])('is left to a person where there are %s', (_what, text) => {
    const whole = `apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\n${text}spec:\n  config: '{"type":"bridge","bridge":"mgmt-br","vlan":5}'\n`;
    expect(lintTexts({ f: whole }).map(({ finding }) => finding.problem)).toContain('vm-network-route-missing');
    expect(repaired(whole)).toBe(whole);
  });

  it('of one object that aliases stand for is written once', () => {
    const object = laidOut({
      step: 2,
      annotations: ['annotations:', '@a/b: c'],
      at: 1,
      order: METADATA_KEYS,
      eol: '\n',
      list: true,
      comments: false,
      end: true,
      before: false,
    });
    const text = `${object.replace('- kind', '- &n\n  kind')}`.replace('apiVersion: v1', '- *n\napiVersion: v1');
    const after = repaired(text);
    expect(after.split(KEY).length - 1).toBe(1);
    expect(repairable(after)).toBe(0);
  });
});

describe('other repairs', () => {
  it('set the labels to what the configuration says', () => {
    const labels = { 'network.harvesterhci.io/vlan-id': '7', 'network.harvesterhci.io/type': 'UntaggedNetwork' };
    const after = repaired(network({ labels, route: ROUTE }));
    expect(after).toBe(network({ route: ROUTE }).replace(/"(2011|L2VlanNetwork)"/g, '"$1"'));
  });

  it('leave a cluster network’s label, which may be the one that is meant', () => {
    const text = network({ labels: { 'network.harvesterhci.io/clusternetwork': 'mgmt' }, route: ROUTE });
    expect(repaired(text)).toBe(text);
  });

  it('rename the key that yip does not know', () => {
    const text = 'stages:\n  initramfs:\n  - command: # clean\n    - "true"\n';
    expect(repaired(text)).toBe(text.replace('command:', 'commands:'));
    const both = text.replace('  - command', '  - commands: [x]\n    command');
    expect(repaired(both)).toBe(both);
    const scalar = 'stages:\n  initramfs:\n  - command: "true"\n';
    expect(repaired(scalar)).toBe(scalar);
  });
});

describe('the diff of a repair', () => {
  it('is one that patch would take', () => {
    const sight = sightOfTexts({ 'a.yaml': network({}) });
    const wanted = { lang: 'en' } as const;
    const [one] = repairFiles(sight, lint(sight, wanted), wanted);
    expect(one?.diff).toBe(`--- a.yaml
+++ a.yaml
@@ -2,6 +2,7 @@
 kind: NetworkAttachmentDefinition
 metadata:
   annotations:
+    ${KEY}: '${ROUTE}'
     field.cattle.io/description: the tenants
   name: vlan2011
   namespace: harvester-public
`);
  });
});
