import { describe, expect, it } from 'vitest';
import { address, route, seen } from '../../../test/parts.ts';
import { known, unknown } from '../../hosts/reading.ts';
import type { Finding } from '../../judging/finding.ts';
import { LANGS } from '../../lang.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { preflight } from '../preflight.ts';
import { fresh, type Parts } from '../sample-host.ts';
import type { VipQuestion } from './question.ts';

const VIP = '10.0.0.10';
const FREE: VipQuestion['wire'] = { arp: known([], 'ARP on eth0'), offeredBy: known([], 'DHCPDISCOVER on eth0') };
const SS = 'ss -H -lntup';

/** A host with a management network and a gateway, on which `listening` is what ss prints. */
function host(listening: string, parts: Parts = {}): Snapshot {
  const snapshot = fresh({
    addresses: seen([address('eth0', '10.0.0.1/24')]),
    routes: seen([
      route('10.0.0.0/24', 'eth0'),
      { ...route('0.0.0.0/0', 'eth0'), nextHops: [{ via: '10.0.0.254', link: 'eth0' }] },
    ]),
    ...parts,
  });
  const entries = { [SS]: { state: 'ok', text: listening } } as const;
  return Object.defineProperty(snapshot, 'capture', { value: { ...snapshot.capture, entries } });
}

function judged(vip: VipQuestion, ...hosts: readonly Snapshot[]): readonly Finding[] {
  return preflight(undefined, hosts, { lang: 'en', vip }).flatMap(({ findings }) => findings);
}

const wrong = (findings: readonly Finding[]) =>
  findings
    .filter(({ status }) => status === 'problem' || status === 'unknown')
    .map(({ subject, status, severity }) => `${subject} ${status} ${severity}`);

describe('a management address that is to be', () => {
  it('is fine where it is free, in the network, and its ports are nobody’s', () => {
    const findings = judged({ address: VIP, wire: FREE }, host(''), host(''));
    expect(wrong(findings)).toEqual([]);
    // The wire is one for all hosts.
    expect(findings.filter(({ subject }) => subject === `${VIP} taken`)).toHaveLength(1);
  });

  it.each([
    ['a host’s own', '10.0.0.1', '10.0.0.1 problem critical'],
    ['the gateway', '10.0.0.254', '10.0.0.254 problem critical'],
    ['of another network', '10.0.1.10', '10.0.1.10 problem critical'],
    ['the network itself', '10.0.0.0', '10.0.0.0 problem critical'],
    ['the broadcast address', '10.0.0.255', '10.0.0.255 problem critical'],
  ])('is wrong where it is %s', (_what, asked, told) => {
    const findings = judged({ address: asked, wire: FREE }, host(''));
    expect(wrong(findings)).toEqual([told]);
    expect(findings.find(({ status }) => status === 'problem')?.title).toContain(asked);
  });

  it('is wrong where somebody answers for it, or a server would give it away', () => {
    const arp = known(['02:00:00:00:00:09'], 'ARP on eth0');
    const offeredBy = known([{ server: '10.0.0.2', mac: '02:00:00:00:00:02' }], 'DHCPDISCOVER on eth0');
    const findings = judged({ address: VIP, wire: { arp, offeredBy } }, host(''));
    expect(wrong(findings)).toEqual([`${VIP} taken problem critical`, `${VIP} offered problem warning`]);
    expect(findings.map(({ cause }) => cause).join(' ')).toMatch(/02:00:00:00:00:09.*10\.0\.0\.2/);
  });

  it('is not known to be free where nobody may ask, and says so in the exit status', () => {
    const denied = unknown('denied', 'ARP on eth0', 'socket(AF_PACKET): EPERM');
    const findings = judged({ address: VIP, wire: { arp: denied, offeredBy: denied } }, host(''));
    expect(wrong(findings)).toEqual([`${VIP} taken unknown warning`, `${VIP} offered unknown warning`]);
    const blind = unknown('absent', 'ip -j addr show', 'ip: not found');
    expect(wrong(judged({ address: VIP, wire: FREE }, host('', { addresses: blind })))).toEqual([
      `${VIP} unknown warning`,
    ]);
    const noRoute = host('', { routes: seen([route('10.0.0.0/24', 'eth0')]) });
    expect(wrong(judged({ address: VIP, wire: FREE }, noRoute))).toEqual([`${VIP} unknown warning`]);
  });

  it('finds its ports taken, whoever has them; a DHCP client is worth a note', () => {
    const text = [
      'tcp LISTEN 0 128 0.0.0.0:443 0.0.0.0:* users:(("nginx",pid=7,fd=3))',
      'tcp LISTEN 0 128 *:6443 *:*',
      'udp UNCONN 0 0 0.0.0.0:68 0.0.0.0:* users:(("dhclient",pid=9,fd=3))',
      'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=8,fd=3))',
    ].join('\n');
    const findings = judged({ address: VIP, wire: FREE }, host(text));
    expect(wrong(findings)).toEqual(['tcp/6443 problem critical', 'tcp/443 problem warning', 'udp/68 problem info']);
    expect(findings.find(({ subject }) => subject === 'tcp/443')?.cause).toBe('nginx has it.');
  });

  it.each(LANGS)('words everything in %s', (lang) => {
    const taken = known(['02:00:00:00:00:09'], 'ARP');
    const given = known([{ server: '10.0.0.2', mac: '02:00:00:00:00:02' }], 'DHCP');
    const text = 'tcp LISTEN 0 128 *:443 *:* users:(("nginx",pid=7,fd=3))';
    const vip = { address: '10.0.1.10', wire: { arp: taken, offeredBy: given } };
    const [candidate] = preflight(undefined, [host(text)], { lang, vip });
    const problems = candidate?.findings.filter(({ status }) => status === 'problem') ?? [];
    expect(problems).toHaveLength(4);
    for (const { title, cause, impact } of problems) {
      expect([title, cause, impact].every((words) => words !== '')).toBe(true);
      expect(/[\u4e00-\u9fff]/.test(title)).toBe(lang === 'zh-CN');
    }
  });
});
