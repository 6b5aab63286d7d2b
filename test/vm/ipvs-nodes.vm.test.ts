import { afterAll, beforeAll, expect, test } from 'vitest';
import { upScript } from '../../lab/script.ts';
import { ipvsNodes } from '../../lab/topologies/ipvs-nodes.ts';
import type { Probe } from '../../lab/topology.ts';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';
import { parseAnswers, questionText } from '../../src/dataplane/agent/protocol.ts';
import { dataplaneFindings } from '../../src/dataplane/findings.ts';
import type { Probed } from '../../src/dataplane/matrix.ts';
import type { Finding } from '../../src/judging/finding.ts';
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

/** The same by what `dataplane` runs in its Pods, over UDP and in full-size packets too: an answer of the agent's a line. */
const ECHO = `
for node in '10.80.1.1' 'ip netns exec node-2 10.80.3.1'; do
  address=\${node##* }; on=\${node% *}; [ "$on" = "$node" ] && on=
  $on iptables -t nat -A POSTROUTING -d 10.80.2.2/32 -j MASQUERADE
  for way in -t -u; do
    $on ipvsadm -A $way "$address:30081" -s rr
    $on ipvsadm -a $way "$address:30081" -r 10.80.2.2:17070 -m
  done
done
ip netns exec pod hayward dataplane-agent echo --port 17070 >/dev/null 2>&1 &
for try in $(seq 100); do ip netns exec pod ss -Hlnu | grep -q :17070 && break; sleep 0.2; done
`;
const QUESTIONS = ['10.80.1.1', '10.80.3.1'].flatMap((address) =>
  (['tcp', 'udp'] as const).flatMap((means) =>
    (['small', 'full'] as const).map((size) => ({ means, size, address, port: 30081 })),
  ),
);
const ASK = `echo asking
ip netns exec client hayward dataplane-agent ask <<'END'
${questionText(QUESTIONS, { timeoutMs: 3000, atOnce: 8 })}END`;

/** What stands out in the lines of an agent: node-1 and node-2 asked for the Pod on node-2. */
function toldBy(lines: readonly string[]): readonly Finding[] {
  const { outcomes } = parseAnswers(lines.join('\n'), QUESTIONS.length);
  const probed = QUESTIONS.map(({ means, size, address }, index): Probed => {
    const to = address === '10.80.1.1' ? 'node-1' : 'node-2';
    const outcome = outcomes[index] ?? { kind: 'unknown', reason: 'failed', detail: 'no answer of the agent' };
    return { kind: 'nodeport', from: 'client', to, backend: 'node-2', protocol: means, size, outcome };
  });
  return dataplaneFindings(probed, { target: 'lab', judged: new Map(), lang: 'en' });
}

/** Packets in and out of node-1's NodePort; the kernel adds them up every two seconds, so wait until a column counts. */
function stats(column: 'in' | 'out'): string {
  const field = { in: '$4', out: '$5' }[column];
  const row = `ipvsadm -L -n --stats --exact | awk '$2 == "10.80.1.1:30080"'`;
  return `for try in $(seq 50); do [ "$(${row} | awk '{ print (${field} > 0) }')" = 1 ] && break; sleep 0.2; done
    ${row} | awk '{ print "in " ($4 > 0) " out " ($5 > 0) }'`;
}

function partedBy(word: string, lines: readonly string[]): string[][] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (line === word) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts;
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
    ${ECHO}
    ${ASK}
    ${doctor('--only', 'ip-forward,ipvs-forwarding')}
    echo 'fixing'
    hayward fix ip-forward --yes >/tmp/fix.out 2>&1 || cat /tmp/fix.out
    ${PROBES}
    ${stats('out')}
    ${doctor('--only', 'ip-forward')}
    ${ASK}`,
    );
    const isAgents = (line: string): boolean => /^(asking|mtu|answered|lost|done)\b/.test(line);
    const [, before = [], after = []] = partedBy('asking', repaired.filter(isAgents));
    expect(toldBy(before)).toMatchObject([
      { problem: 'dataplane-nodeport', status: 'problem', subject: 'client → node-1' },
    ]);
    expect(toldBy(after)).toMatchObject([{ problem: 'dataplane-nodeport', status: 'ok' }]);
    expect(repaired.filter((line) => !isAgents(line))).toEqual([
      'ip_forward: 0',
      'node-1: lost',
      'node-2: answered',
      // The signature: requests go in, nothing comes out.
      'in 1 out 0',
      expect.stringContaining('ip-forward found: net.ipv4.ip_forward'),
      'ipvs-forwarding found: tcp 10.80.1.1:30080',
      'ipvs-forwarding found: tcp 10.80.1.1:30081',
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
