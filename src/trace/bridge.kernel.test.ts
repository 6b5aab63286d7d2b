import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { answerFrame, type FrameKind, type TestFrame, testFrame } from '../../test/packet-filter/frames.ts';
import { LOCAL_ADDRESSES, makePacketLab, type PacketLab } from '../../test/packet-filter/lab.ts';
import { IPSETS, NO_TABLES, PORTS, type RuleSet, ruleSet } from '../../test/packet-filter/rule-sets.ts';
import { type Capture, type Entry, viewOf } from '../hosts/capture.ts';
import { ipsets } from '../snapshot/netfilter/ipsets.ts';
import { netfilter } from '../snapshot/netfilter/netfilter.ts';
import type { Ruleset } from '../snapshot/netfilter/ruleset.ts';
import { bridgeVerdict, routedVerdict } from './bridge.ts';
import type { Verdict } from './packet.ts';
import type { TraceContext } from './sight.ts';

/** Change it to see other rule sets; a failure prints the ones it is about. */
const SEED = Number(process.env['HAYWARD_SEED'] ?? 20260131);
const CASES = Number(process.env['HAYWARD_CASES'] ?? 300);
const MAX_UNKNOWN = 0.05;

const SOURCES = [
  'iptables-legacy-save -c',
  'iptables-nft-save -c',
  'nft -j list ruleset',
  'ipset save',
  'cat /proc/net/ip_tables_names',
];

let lab: PacketLab;

beforeAll(async () => {
  lab = await makePacketLab();
  lab.run(`ipset restore <<'END'\n${IPSETS}END\n`);
});

afterAll(() => lab?.remove());

/** Loads a rule set; the last line keeps conntrack at work whatever the rules are. */
function load({ legacy, nft, native }: RuleSet): string {
  const keep = 'table inet keep { chain c { type filter hook prerouting priority -190; ct state new counter; }; }';
  return `iptables-legacy-restore <<'END'
${legacy}END
nft flush ruleset
${nft && `iptables-nft-restore <<'END'\n${nft}END`}
nft -f - <<'END'
${native}
${keep}
END
`;
}

/** Reads the rules back from the kernel, as the snapshot of a node would. */
function readBack(script: string): { rules: Ruleset; context: TraceContext } {
  const asked = SOURCES.map((source) => `echo '@@@ ${source}'; ${source}`).join('\n');
  const entries: Record<string, Entry> = {};
  for (const part of lab.run(`${script}${asked}\n`).split(/^@@@ /m).slice(1)) {
    const end = part.indexOf('\n');
    entries[part.slice(0, end).replace(/^cat /, '')] = { state: 'ok', text: part.slice(end + 1) };
  }
  const target = { name: 'lab', via: 'local' } as const;
  const capture: Capture = { schema: 1, target, takenAt: '', entries, globs: {}, lists: {}, which: {} };
  const view = viewOf(capture);
  const rules = netfilter.parse(view).rules('ipv4');
  const sets = ipsets.parse(view);
  if (!rules.known) throw new Error(`${rules.source}: ${rules.detail}`);
  if (!sets.known) throw new Error(`${sets.source}: ${sets.detail}`);
  return { rules: rules.value, context: { ipsets: sets.value, localAddresses: LOCAL_ADDRESSES } };
}

function judge({ by, packet }: TestFrame, rules: Ruleset, context: TraceContext): Verdict {
  if (by === 'bridge') return bridgeVerdict(rules, { ...packet, bridge: 'br0', portIn: 'pa', portOut: 'pb' }, context);
  return routedVerdict(rules, { ...packet, inLink: 'ra', outLink: 'rb', physicalIn: null, physicalOut: null }, context);
}

const BRIDGED: readonly FrameKind[] = ['udp', 'tcp', 'icmp', 'established', 'invalid', 'related'];
const ROUTED: readonly FrameKind[] = ['udp', 'tcp', 'icmp'];

function framesFor(number: number): TestFrame[] {
  const port = PORTS[number % PORTS.length] ?? 53;
  return [
    ...BRIDGED.map((kind) => testFrame(kind, 'bridge', port)),
    ...ROUTED.map((kind) => testFrame(kind, 'route', port)),
  ];
}

async function establish(): Promise<void> {
  lab.run(load({ legacy: NO_TABLES, nft: '', native: '' }));
  const question = testFrame('established', 'bridge', 0);
  const answer = answerFrame();
  expect(await lab.exchange('a', [question])).toContain(question.id);
  expect(await lab.exchange('b', [answer])).toContain(answer.id);
}

it(`agrees with the kernel on ${CASES} generated rule sets`, async () => {
  const tally = { pass: 0, drop: 0, unknown: 0, rewritten: 0 };
  const wrong: unknown[] = [];
  for (const [number, rules] of fc.sample(ruleSet, { seed: SEED, numRuns: CASES }).entries()) {
    if (number % 50 === 0) await establish();
    const read = readBack(load(rules));
    const frames = framesFor(number);
    const arrived = await lab.exchange('a', frames);
    for (const frame of frames) {
      const verdict = judge(frame, read.rules, read.context);
      tally[verdict.verdict] += 1;
      if (verdict.rewrites.length > 0) tally.rewritten += 1;
      const real = arrived.has(frame.id) ? 'pass' : 'drop';
      if (verdict.verdict !== 'unknown' && verdict.verdict !== real) {
        wrong.push({ number, seed: SEED, by: frame.by, packet: frame.packet, verdict, real, ...rules });
      }
    }
  }
  const total = tally.pass + tally.drop + tally.unknown;
  const figures = `${total} frames: ${JSON.stringify(tally)}`;
  expect(wrong.slice(0, 3).map(print).join('\n'), `${wrong.length} wrong of ${figures}`).toBe('');
  expect(tally.unknown / total, figures).toBeLessThan(MAX_UNKNOWN);
  expect(Math.min(tally.pass, tally.drop) / total, figures).toBeGreaterThan(0.2);
});

function print(found: unknown): string {
  return JSON.stringify(found, null, 1).replaceAll('\\n', '\n');
}
