import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PROJECT } from '../../probes/kernel-test-bed.ts';
import { makeNetworkTestBed, type NetworkTestBed, type Station } from '../../probes/vm-network/network-test-bed.ts';

const VIP = '192.168.88.250';
const CLI = `${PROJECT}/dist/cli.js`;

/** A host before its installation, a gateway, and what else is on their segment. */
let bed: NetworkTestBed;
let gateway: Station;
beforeAll(() => {
  bed = makeNetworkTestBed();
  bed.node('ip address add 192.168.88.11/24 dev br0');
  gateway = bed.station('gateway', { address: '192.168.88.1/24' });
  bed.node('ip route add default via 192.168.88.1');
});
afterAll(() => bed.remove());

interface Judged {
  readonly status: number | null;
  readonly wrong: readonly string[];
  readonly text: string;
}

/** `preflight --vip` on the host: its exit status, and what is wrong or not known. */
async function preflight(address: string, prefix: readonly string[] = []): Promise<Judged> {
  const inside = ['netns', 'exec', gateway.name.replace(/gateway$/, 'node'), ...prefix];
  const child = spawn('ip', [...inside, process.execPath, CLI, 'preflight', '--vip', address, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const [status] = (await once(child, 'close')) as [number | null];
  expect(errors).toBe('');
  const { findings } = JSON.parse(text) as { findings: { status: string; subject: string; severity: string }[] };
  const wrong = findings.filter(({ status: own, severity }) => /problem|unknown/.test(own) && severity !== 'info');
  return { status, wrong: wrong.map(({ subject, status: own }) => `${subject} ${own}`), text };
}

it('an address nobody has is fine, and looking at it leaves nothing behind', async () => {
  const before = bed.state();
  expect(await preflight(VIP)).toMatchObject({ status: 0, wrong: [] });
  const after = bed.state();
  for (const what of ['ip -d -j link show', 'ip -d -j addr show']) expect(after[what]).toBe(before[what]);
});

it('one that a machine answers for is taken, by that machine’s hardware address; the gateway’s is twice wrong', async () => {
  const other = bed.station('other', { mac: '02:00:00:00:88:66', address: `${VIP}/24` });
  const seen = await preflight(VIP);
  expect(seen).toMatchObject({ status: 1, wrong: [`${VIP} taken problem`] });
  expect(seen.text).toContain('ARP is answered by 02:00:00:00:88:66');
  other.run('ip link set eth0 down');
  expect((await preflight('192.168.88.1')).wrong).toEqual(['192.168.88.1 problem', '192.168.88.1 taken problem']);
});

it('one that a DHCP server would give away is found, and nothing is leased; out of the pool it is fine', async () => {
  const offering = await gateway.dnsmasq(['--dhcp-range=192.168.88.240,192.168.88.251,255.255.255.0,10m']);
  expect(await preflight(VIP)).toMatchObject({ status: 1, wrong: [`${VIP} offered problem`] });
  expect(offering.leases()).toBe('');
  await offering.stop();
  const elsewhere = await gateway.dnsmasq(['--dhcp-range=192.168.88.100,192.168.88.120,255.255.255.0,10m']);
  expect(await preflight(VIP)).toMatchObject({ status: 0, wrong: [] });
  await elsewhere.stop();
});

it('without the right to ask the wire it is not known to be free: status 3, and what it takes', async () => {
  const seen = await preflight(VIP, ['setpriv', '--bounding-set=-net_raw', '--inh-caps=-net_raw']);
  expect(seen).toMatchObject({ status: 3, wrong: [`${VIP} taken unknown`, `${VIP} offered unknown`] });
  expect(seen.text).toContain('EPERM');
});
