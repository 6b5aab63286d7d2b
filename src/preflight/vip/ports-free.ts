import { type Port, portsFor } from '../../cluster/problems/port-conflict/ports.ts';
import type { Reading } from '../../hosts/reading.ts';
import type { Judgement } from '../../judging/finding.ts';
import { defineProblem } from '../../judging/problem.ts';
import type { Listener } from '../../snapshot/listeners.ts';

interface Facts {
  readonly port: Port;
  readonly by: string;
}

/** All a node with a management address needs, its address by DHCP or not. */
const PORTS = portsFor({ vip: true, dhcp: true, rke2: true });

/** Whether the ports are free that the cluster will need on a host: before an installation nobody rightly has them. */
export function portsFree(listeners: Reading<readonly Listener[]>) {
  return defineProblem({
    id: 'port-conflict',
    title: { en: 'Ports the cluster will need', 'zh-CN': '集群将要使用的端口' },
    needs: [],
    check: (): readonly Judgement<Facts>[] =>
      listeners.known
        ? PORTS.map((port) => judge(port, listeners))
        : [{ status: 'unknown', subject: '', severity: 'warning', unknown: listeners, evidence: [] }],
    explain: ({ port: { port, protocol, owner, without }, by }) => ({
      title: {
        en: `Port ${port}/${protocol}, to be needed by ${owner.en}, is taken`,
        'zh-CN': `${owner['zh-CN']} 将要使用的 ${port}/${protocol} 已被占用`,
      },
      cause: {
        en: by === '' ? 'The kernel itself has it, or a program that only root may see.' : `${by} has it.`,
        'zh-CN': by === '' ? '由内核自身占用，或占用的程序只有 root 才能看到。' : `被 ${by} 占用。`,
      },
      impact: without,
    }),
    prove: ({ port: { port, protocol } }) => `ss -l${protocol === 'tcp' ? 't' : 'u'}np 'sport = :${port}'`,
    remedies: () => [],
  });
}

function judge(port: Port, { value, source }: Extract<Reading<readonly Listener[]>, { known: true }>) {
  const subject = `${port.protocol}/${port.port}`;
  const there = value.filter((one) => one.protocol === port.protocol && one.port === port.port);
  const [first] = there;
  if (!first) return { status: 'ok', subject, evidence: [] } as const;
  const evidence = there.map(({ address, program, pid }) => ({
    source,
    value: `${address} ${program || '?'}${pid === undefined ? '' : ` (${pid})`}`,
    wanted: 'nobody',
  }));
  // A DHCP client is the rule on a host; it is in the way only of an address that comes by DHCP itself (harvester#8389).
  const severity = port.protocol === 'udp' && port.port === 68 ? 'info' : port.ofVip ? 'warning' : 'critical';
  return { status: 'problem', subject, severity, facts: { port, by: first.program }, evidence } as const;
}
