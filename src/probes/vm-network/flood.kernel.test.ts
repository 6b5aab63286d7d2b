import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BundledProgram } from '../../../lab/bundled-program.ts';
import { bundleProbes } from '../kernel-test-bed.ts';
import { makeNetworkTestBed, type NetworkTestBed } from './network-test-bed.ts';

let bed: NetworkTestBed;
let flooder: BundledProgram;

/** Sends what a busy VLAN is full of, none of it for the probe, until it is ended. */
const FLOODER = `
import { buildArp, buildEthernet } from './frames.ts';
import { openPacketSocket } from './packet-socket.ts';
const socket = await openPacketSocket('eth0');
const source = '02:00:00:00:00:ee';
const broadcast = 'ff:ff:ff:ff:ff:ff';
const arp = buildArp({ operation: 1, senderMac: source, senderAddress: '192.168.77.200',
  targetMac: '00:00:00:00:00:00', targetAddress: '192.168.77.201' });
const frames = [
  buildEthernet({ destination: broadcast, source, etherType: 0x0806, payload: arp }),
  buildEthernet({ destination: broadcast, source, etherType: 0x0800, payload: new Uint8Array(1400).fill(0x45) }),
  buildEthernet({ destination: '33:33:00:00:00:01', source, etherType: 0x86dd, payload: new Uint8Array(600) }),
];
let sent = 0;
function burst() {
  for (let n = 0; n < 300; n += 1) { try { socket.send(frames[n % 3]); sent += 1; } catch {} }
  if (sent % 30000 < 300) process.stdout.write('sent ' + sent + '\\n');
  setImmediate(burst);
}
burst();
`;

beforeEach(() => {
  bed = makeNetworkTestBed();
  flooder = bundleProbes(FLOODER);
});

afterEach(async () => {
  await bed.remove();
  flooder.remove();
});

describe('a flood of foreign frames', () => {
  it('stays in the kernel: the probe loses nothing by it, and none of it comes in', async () => {
    const gateway = bed.station('gw', { address: '192.168.77.1/24', mac: '02:00:00:00:00:01' });
    await gateway.dnsmasq(['--dhcp-range=192.168.77.10,192.168.77.20,1h']);
    const vm = bed.station('loud', { on: 'bridge' });
    const received = (): number => Number(bed.node('cat /sys/class/net/v-loud/statistics/rx_packets'));
    await vm.serve([process.execPath, flooder.file], /sent/);
    const before = received();
    const file = bed.file('flood.pcap');
    const { json } = await bed.probe(['--uplink', 'up0', '--pcap', file]);
    expect(received() - before).toBeGreaterThan(5000);
    expect(json).toMatchObject({ state: 'active', reason: 'ok', answered: 5 });
    const foreign = spawnSync('tcpdump', ['-nr', file, 'ether src 02:00:00:00:00:ee'], { encoding: 'utf8' });
    expect([foreign.status, foreign.stdout]).toEqual([0, '']);
  });
});
