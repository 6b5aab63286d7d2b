import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { BRIDGE_RULE, LINK_RULE, textFiles } from '../../test/boot-parts.ts';
import { udevReactions } from './udev.ts';

const MODULE = { action: 'add', subsystem: 'module', kernel: 'br_netfilter' } as const;
const LINK = { action: 'add', subsystem: 'net', kernel: 'eth0.100' } as const;

function reactions(text: string, event: typeof MODULE | typeof LINK) {
  return udevReactions(textFiles({ 'x.rules': text }), event).map(({ line, certain, effects }) => ({
    line,
    certain,
    effects,
  }));
}

test('the rule of sysctl.d(5) runs when the module loads, and for no other', () => {
  const effects = [{ kind: 'systemd-sysctl', prefixes: ['net/bridge'] }];
  expect(reactions(`# late\n${BRIDGE_RULE}`, MODULE)).toEqual([{ line: 2, certain: true, effects }]);
  expect(reactions(BRIDGE_RULE, LINK)).toEqual([]);
  expect(reactions(BRIDGE_RULE.replace('"add"', '"remove"'), MODULE)).toEqual([]);
});

test("systemd's own rule names the interface that appears", () => {
  const [reaction] = reactions(LINK_RULE, LINK);
  expect(reaction?.effects[0]).toMatchObject({ prefixes: expect.arrayContaining(['net/ipv4/conf/eth0.100']) });
  expect(udevReactions(textFiles({ x: LINK_RULE }), { ...LINK, kernel: 'lo' })).toEqual([]);
});

test('patterns, joined lines, GOTO and conditions that only the machine can tell', () => {
  expect(
    reactions(BRIDGE_RULE.replace('"br_netfilter"', '"x|br_*"').replace('", RUN', '", \\\nRUN'), MODULE),
  ).toHaveLength(1);
  expect(reactions(`SUBSYSTEM=="module", GOTO="end"\n${BRIDGE_RULE}LABEL="end"\n`, MODULE)).toEqual([]);
  expect(reactions(`ACTION=="remove", GOTO="end"\n${BRIDGE_RULE}LABEL="end"\n`, MODULE)).toHaveLength(1);
  expect(reactions(`ENV{X}=="1", ${BRIDGE_RULE}`, MODULE)).toMatchObject([{ certain: false }]);
});

test('never throws, whatever the text', () => {
  void assert(property(string(), (text) => Array.isArray(reactions(`${text}\n${BRIDGE_RULE}`, MODULE))));
});
