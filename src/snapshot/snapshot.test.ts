import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../test/fixture.ts';
import type { Capture, Entry } from '../hosts/capture.ts';
import { MODULES_OF_INTEREST } from './modules.ts';
import { type Snapshot, SUBJECTS, type SubjectName, snapshotOf } from './snapshot.ts';
import { TOOLS_OF_INTEREST } from './tools.ts';

const NAMES = Object.keys(SUBJECTS) as SubjectName[];
const NODES = [
  'harvester-v1.4',
  'kubekey-debian11',
  'kubekey-debian11-not-forwarding',
  'plain-debian12',
  'rke2-canal-ubuntu22',
];

/** Looks at all a subject has to say, as its readers may. */
function lookAt(snapshot: Snapshot, name: SubjectName): void {
  JSON.stringify(snapshot[name]);
  const { modules, netfilter, sysctl, tools } = snapshot;
  if (name === 'modules') for (const module of [...MODULES_OF_INTEREST, 'a-b']) modules.state(module);
  if (name === 'tools') for (const tool of TOOLS_OF_INTEREST) tools.path(tool);
  if (name === 'netfilter') {
    for (const family of ['ipv4', 'ipv6'] as const) {
      netfilter.rules(family);
      netfilter.backend(family, 'legacy');
      netfilter.backend(family, 'nft');
    }
  }
  if (name === 'sysctl') {
    for (const key of ['net/ipv4/ip_forward', 'net/ipv4/conf/a.b/rp_filter', '', '../x']) sysctl.get(key);
    sysctl.interfaces('ipv4');
    sysctl.interfaces('ipv6');
  }
}

function withTexts(capture: Capture, change: (text: string, source: string) => Entry): Capture {
  const entries = Object.entries(capture.entries).map(([source, entry]) => {
    return [source, change(entry.state === 'ok' ? entry.text : '', source)];
  });
  return { ...capture, entries: Object.fromEntries(entries) };
}

describe.each(NAMES)('%s', (name) => {
  const nodes = NODES.map(fixture);
  const node = fc.constantFrom(...nodes);

  it('reads every recorded node', () => {
    for (const capture of nodes) expect(() => lookAt(snapshotOf(capture), name)).not.toThrow();
  });

  it('never throws, whatever a source holds', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.stringMatching(/^[\s\S]*$/), fc.constant(''));
    fc.assert(
      fc.property(node, fc.array(text, { minLength: 1, maxLength: 7 }), (capture, texts) => {
        let at = 0;
        const odd = withTexts(capture, () => ({ state: 'ok', text: texts[at++ % texts.length] ?? '' }));
        lookAt(snapshotOf(odd), name);
      }),
      { numRuns: 40 },
    );
  });

  it('never throws when what a source holds is cut off or mixed up', () => {
    fc.assert(
      fc.property(node, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(9), (capture, where, digit) => {
        const cut = withTexts(capture, (text) => ({
          state: 'ok',
          text: text.slice(0, Math.floor(text.length * where)),
        }));
        lookAt(snapshotOf(cut), name);
        const mixed = withTexts(capture, (text) => ({ state: 'ok', text: text.replaceAll(String(digit), '"') }));
        lookAt(snapshotOf(mixed), name);
      }),
      { numRuns: 40 },
    );
  });

  it('never throws when nothing is known, for any reason', () => {
    for (const state of ['absent', 'denied', 'failed', 'not-collected'] as const) {
      const none = { state, detail: 'x' };
      const [first] = nodes;
      if (!first) throw new Error('no node');
      const globs = Object.fromEntries(Object.keys(first.globs).map((glob) => [glob, none]));
      const lists = Object.fromEntries(Object.keys(first.lists).map((path) => [path, none]));
      lookAt(snapshotOf({ ...withTexts(first, () => none), globs, lists, which: {} }), name);
    }
    const gone = {
      schema: 1,
      target: { name: 'n', via: 'ssh' },
      takenAt: '',
      entries: {},
      globs: {},
      lists: {},
      which: {},
    } as const;
    lookAt(snapshotOf({ ...gone, unreachable: { reason: 'failed', detail: 'no route' } }), name);
  });
});
