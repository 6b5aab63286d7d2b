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
/** Or the frames would prove little. */
const MIN_EACH = 0.2;
/** The established connection's entry in conntrack lives two minutes. */
const REFRESH_EVERY = 50;

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

interface Tally {
  pass: number;
  drop: number;
  unknown: number;
  readonly wrong: unknown[];
}

/** Loads one rule set, sends every kind of frame and adds up how the verdicts compare with what arrived. */
async function compare(number: number, rules: RuleSet, tally: Tally, localAddresses = LOCAL_ADDRESSES): Promise<void> {
  const read = readBack(load(rules));
  const context = { ...read.context, localAddresses };
  const frames = framesFor(number);
  const arrived = await lab.exchange('a', frames);
  for (const frame of frames) {
    const verdict = judge(frame, read.rules, context);
    tally[verdict.verdict] += 1;
    const real = arrived.has(frame.id) ? 'pass' : 'drop';
    if (verdict.verdict !== 'unknown' && verdict.verdict !== real) {
      tally.wrong.push({ number, seed: SEED, by: frame.by, packet: frame.packet, verdict, real, ...rules });
    }
  }
}

function newTally(): Tally {
  return { pass: 0, drop: 0, unknown: 0, wrong: [] };
}

function print(found: unknown): string {
  return JSON.stringify(found, null, 1).replaceAll('\\n', '\n');
}

it(`agrees with the kernel on ${CASES} generated rule sets`, async () => {
  const tally = newTally();
  for (const [number, rules] of fc.sample(ruleSet, { seed: SEED, numRuns: CASES }).entries()) {
    if (number % REFRESH_EVERY === 0) await establish();
    await compare(number, rules, tally);
  }
  const { wrong, ...counts } = tally;
  const total = counts.pass + counts.drop + counts.unknown;
  const figures = `${total} frames: ${JSON.stringify(counts)}`;
  expect(wrong.slice(0, 3).map(print).join('\n'), `${wrong.length} wrong of ${figures}`).toBe('');
  expect(counts.unknown / total, figures).toBeLessThan(MAX_UNKNOWN);
  expect(Math.min(counts.pass, counts.drop) / total, figures).toBeGreaterThan(MIN_EACH);
});

/** Places where the kernel's own code does not do what one expects; each must be told exactly. */
const CORNERS: Readonly<Record<string, string>> = {
  'physdev-out before the port is chosen':
    '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m physdev --physdev-out nix -j DROP\nCOMMIT\n',
  'not physdev-out before the port is chosen':
    '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m physdev ! --physdev-out nix -j DROP\nCOMMIT\n',
  'every state is INVALID before conntrack':
    '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m conntrack --ctstate INVALID -j DROP\nCOMMIT\n',
  'no connmark without a connection, turned round or not':
    '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m connmark ! --mark 0x7 -j DROP\nCOMMIT\n',
  'no input device for a bridged frame on its way out':
    '*mangle\n:POSTROUTING ACCEPT [0:0]\n:user - [0:0]\n-A POSTROUTING -j user\n-A user -m physdev --physdev-is-in ! -i br0 -j DROP\nCOMMIT\n',
  'a goto from a base chain ends in its policy':
    '*filter\n:FORWARD DROP [0:0]\n:user - [0:0]\n-A FORWARD -g user\n-A FORWARD -j ACCEPT\n-A user -p tcp -j RETURN\nCOMMIT\n',
  'MASQUERADE with an address': '*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n',
};

it.each(Object.entries(CORNERS))('knows: %s', async (_name, text) => {
  await establish();
  const tally = newTally();
  await compare(0, { legacy: NO_TABLES, nft: text, native: '' }, tally);
  await compare(0, { legacy: NO_TABLES + text, nft: '', native: '' }, tally);
  expect(tally.wrong.map(print).join('\n')).toBe('');
  expect(tally.unknown).toBe(0);
});

it('knows that MASQUERADE drops a bridged frame where the node has no address', async () => {
  lab.run('ip addr flush dev br0; ip addr flush dev ra; ip addr flush dev rb; ip addr flush dev lo\n');
  await establish();
  const tally = newTally();
  const text = CORNERS['MASQUERADE with an address'] ?? '';
  await compare(0, { legacy: NO_TABLES + text, nft: '', native: '' }, tally, []);
  expect(
    tally.wrong
      .filter((found) => (found as TestFrame).by === 'bridge')
      .map(print)
      .join('\n'),
  ).toBe('');
  expect(tally.drop).toBeGreaterThan(0);
});
