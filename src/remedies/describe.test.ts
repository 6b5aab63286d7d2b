import { expect, it } from 'vitest';
import { describeStep } from './describe.ts';
import type { Step } from './step.ts';

const STEPS: readonly Step[] = [
  { kind: 'setting', key: 'net/ipv4/ip_forward', value: '1' },
  { kind: 'bridge-setting', bridge: 'cni0', name: 'nf_call_iptables', value: '1' },
  { kind: 'module', name: 'ip_vs' },
  { kind: 'file', path: '/etc/x', content: '中\n', mode: 0o644 },
  { kind: 'reload', what: 'udev' },
  { kind: 'enable-unit', unit: 'x.service' },
];

it('says of every kind of step what it does and how it is taken back, in both languages', () => {
  for (const step of STEPS) {
    const [english, chinese] = [describeStep(step, 'en'), describeStep(step, 'zh-CN')];
    expect(`${english.does}${english.undo}`).toMatch(/^[\x20-\x7e]+$/);
    expect(`${chinese.does}${chinese.undo}`).toMatch(/\p{Script=Han}/u);
  }
  expect(describeStep(STEPS[3] as Step, 'en').does).toBe('write /etc/x (mode 0644, 4 bytes)');
});
