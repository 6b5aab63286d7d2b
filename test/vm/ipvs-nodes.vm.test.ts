import { afterAll, beforeAll, expect, test } from 'vitest';
import { upScript } from '../../lab/script.ts';
import { ipvsNodes } from '../../lab/topologies/ipvs-nodes.ts';
import type { Probe } from '../../lab/topology.ts';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';
import { doctor, linesOf, probe, SEVERAL_BOOTS_MS } from './inside.ts';

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine({ product: true });
});

afterAll(async () => {
  await machine?.dispose();
});

/** node-1 is the machine itself, so that what its own boot sets is what decides. */
const BUILD = `
modprobe -a br_netfilter ip_vs ip_vs_rr dummy
sysctl -qw net.ipv4.vs.conntrack=1
${upScript(ipvsNodes, { namespaceOf: (node) => (node === 'node-1' ? undefined : node), node: '/usr/local/bin/node' })}
set +e
`;

const [VIA_NODE_1, VIA_NODE_2] = ipvsNodes.probes as [Probe, Probe];
const PROBES = `${probe('node-1', VIA_NODE_1)}\n${probe('node-2', VIA_NODE_2)}`;

/** Packets in and out of node-1's NodePort; the kernel adds them up every two seconds, so wait until a column counts. */
function stats(column: 'in' | 'out'): string {
  const field = { in: '$4', out: '$5' }[column];
  const row = `ipvsadm -L -n --stats --exact | awk '$2 == "10.80.1.1:30080"'`;
  return `for try in $(seq 50); do [ "$(${row} | awk '{ print (${field} > 0) }')" = 1 ] && break; sleep 0.2; done
    ${row} | awk '{ print "in " ($4 > 0) " out " ($5 > 0) }'`;
}

test(
  'a NodePort that answers on one node only is found, fixed without a reboot, and still fixed after one',
  async () => {
    const repaired = await linesOf(
      machine,
      `${BUILD}
    echo "ip_forward: $(cat /proc/sys/net/ipv4/ip_forward)"
    ${PROBES}
    ${stats('in')}
    ${doctor('--only', 'ip-forward,ipvs-forwarding')}
    echo 'fixing'
    hayward fix ip-forward --yes >/tmp/fix.out 2>&1 || cat /tmp/fix.out
    ${PROBES}
    ${stats('out')}
    ${doctor('--only', 'ip-forward')}`,
    );
    expect(repaired).toEqual([
      'ip_forward: 0',
      'node-1: lost',
      'node-2: answered',
      // The signature: requests go in, nothing comes out.
      'in 1 out 0',
      expect.stringContaining('ip-forward found: net.ipv4.ip_forward'),
      'ipvs-forwarding found: tcp 10.80.1.1:30080',
      'fixing',
      'node-1: answered',
      'node-2: answered',
      'in 1 out 1',
    ]);

    const rebooted = await linesOf(
      machine,
      `echo "ip_forward: $(cat /proc/sys/net/ipv4/ip_forward)"
    ${BUILD}
    ${PROBES}`,
    );
    expect(rebooted).toEqual(['ip_forward: 1', 'node-1: answered', 'node-2: answered']);
  },
  SEVERAL_BOOTS_MS,
);
