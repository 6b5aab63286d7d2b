import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { textFiles } from '../../test/boot-parts.ts';
import { stageActions } from './cloud-init-stages.ts';

function actions(files: Readonly<Record<string, string>>): string[] {
  const read = stageActions(textFiles(files));
  if (!read.known) return [`${read.reason}: ${read.detail}`];
  return read.value.map(({ early, certain, effect, file, line }) => {
    const what =
      effect.kind === 'write' ? `${effect.key}=${effect.value}` : 'name' in effect ? effect.name : effect.kind;
    return `${early ? 'early' : 'late'}${certain ? '' : '?'} ${what} ${file}:${line}`;
  });
}

test('stages come in the order they are run, steps in the order yip takes their parts', () => {
  const custom = `name: ours
stages:
  network:
    - commands:
        - sysctl -w net.ipv4.ip_forward=1
  initramfs:
    - modules: [br-netfilter]
      sysctl:
        net.bridge.bridge-nf-call-iptables: 0
      files:
        - path: /etc/modules-load.d/a.conf
          content: br_netfilter
`;
  const before = 'stages:\n  initramfs.before:\n    - if: "[ -e /x ]"\n      modules: [overlay]\n';
  expect(actions({ '/oem/90_custom.yaml': custom, '/oem/91.yaml': before })).toEqual([
    'early? overlay /oem/91.yaml:4',
    'early file /oem/90_custom.yaml:11',
    'early net/bridge/bridge-nf-call-iptables=0 /oem/90_custom.yaml:9',
    'early br_netfilter /oem/90_custom.yaml:7',
    'late net/ipv4/ip_forward=1 /oem/90_custom.yaml:5',
  ]);
});

test('the key command: has no effect, commands: has', () => {
  const text = (key: string) => `stages:\n  initramfs:\n    - ${key}:\n        - modprobe br_netfilter\n`;
  expect(actions({ a: text('command') })).toEqual([]);
  expect(actions({ a: text('commands') })).toEqual(['early br_netfilter a:4']);
});

test('a file that does not parse makes the stages unknown, with its place', () => {
  expect(actions({ '/oem/x.yaml': 'stages:\n  a: [1\n  b: }\n' })[0]).toMatch(/^failed: \/oem\/x.yaml:\d+: /);
});

test('never throws, whatever the text', () => {
  void assert(property(string(), (text) => Array.isArray(actions({ a: text, b: `stages: ${text}` }))));
});
