import { expect, it } from 'vitest';
import { networkFinding } from './network-finding.ts';

const AT = { target: 'node-1', subject: 'br0 VLAN 7' };

it('has all fields in the order in which findings are documented', () => {
  const unknown = { reason: 'denied', detail: 'not root' } as const;
  const finding = networkFinding(
    { problem: 'vm-network-dhcp', status: 'unknown', severity: 'warning', unknown },
    AT,
    'en',
  );
  expect(Object.keys(finding)).toEqual([
    ...['problem', 'target', 'subject', 'status', 'severity', 'title', 'cause', 'impact'],
    ...['evidence', 'unknown', 'prove', 'remedies', 'docs'],
  ]);
  expect(finding).toMatchObject({ ...AT, unknown, docs: 'docs/problems/vm-network-dhcp.md' });
});

it('is called by its problem where no title is given, and leaves out what is not unknown', () => {
  const said = { problem: 'vm-network-gateway-unreachable', status: 'ok', severity: 'info' } as const;
  expect(networkFinding(said, AT, 'zh-CN')).toMatchObject({ title: '虚拟机网络的网关', cause: '', evidence: [] });
  expect('unknown' in networkFinding(said, AT, 'en')).toBe(false);
  const title = { en: 'Two stations', 'zh-CN': '两台设备' };
  expect(networkFinding({ ...said, title }, AT, 'en').title).toBe('Two stations');
});
