import { known, type Reading, unknown } from '../hosts/reading.ts';
import type { Evidence, Judgement, Severity } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import type { Unit } from '../snapshot/units.ts';
import { forwardPolicy } from './forward-chain.ts';

interface Facts {
  readonly unit: string;
  readonly kind: 'missing' | 'not-kept';
  readonly file: string;
}

const UNITS = ['rke2-server.service', 'rke2-agent.service'] as const;
const KEY = 'net.bridge.bridge-nf-call-iptables';

/** The command that puts the value back to 0 each time RKE2 says it is ready. */
const WRITES_ZERO = /\bnet[./]bridge[./]bridge-nf-call-iptables\s*=\s*0\b/;

/**
 * The line of a unit's files that writes 0 after each start, as systemd reads them: an empty `ExecStartPost=` drops
 * all before it (systemd.service(5)).
 */
export function zeroAfterStart(unit: Unit): Reading<Evidence | undefined> {
  let found: Evidence | undefined;
  for (const { path, text } of unit.files) {
    if (!text.known) return unknown(text.reason, text.source, text.detail);
    for (const [index, line] of text.value.split('\n').entries()) {
      const command = /^\s*ExecStartPost\s*=(.*)$/.exec(line)?.[1]?.trim();
      if (command === '') found = undefined;
      else if (command !== undefined && WRITES_ZERO.test(command)) {
        found = { source: path, value: line.trim(), file: path, line: index + 1 };
      }
    }
  }
  return known(found, unit.name);
}

function judgeUnit(unit: Unit, missing: Severity): Judgement<Facts> {
  const subject = unit.name;
  const zero = zeroAfterStart(unit);
  if (!zero.known) return { status: 'unknown', subject, severity: 'warning', unknown: zero, evidence: [] };
  if (!zero.value) {
    const evidence = [{ source: subject, value: '', wanted: `ExecStartPost=/sbin/sysctl -w ${KEY}=0` }];
    const facts: Facts = { unit: subject, kind: 'missing', file: '' };
    return { status: 'problem', subject, severity: missing, evidence, facts };
  }
  const evidence = [zero.value];
  const file = zero.value.file ?? '';
  if (!file.startsWith('/run/')) return { status: 'ok', subject, evidence };
  return { status: 'problem', subject, severity: missing, evidence, facts: { unit: subject, kind: 'not-kept', file } };
}

function check({ units, netfilter }: Parts<'units' | 'netfilter'>): readonly Judgement<Facts>[] {
  if (!units.units.known) {
    return [{ status: 'unknown', subject: '', severity: 'warning', unknown: units.units, evidence: [] }];
  }
  const present = units.units.value.filter(
    ({ name, files }) => UNITS.some((unit) => unit === name) && files.length > 0,
  );
  if (present.length === 0) {
    return [{ status: 'not-applicable', subject: '', why: 'no rke2-server or rke2-agent unit here', evidence: [] }];
  }
  const policy = forwardPolicy(netfilter);
  const harmless = policy.known && policy.value === 'accept';
  return present.map((unit) => judgeUnit(unit, harmless ? 'warning' : 'critical'));
}

/** After the next start of RKE2, at the next boot too, bridged VM traffic is run through iptables. */
export const harvesterDropIn = defineProblem({
  id: 'bridge-netfilter',
  title: { en: 'Bridge filtering after the next start of RKE2', 'zh-CN': 'RKE2 下次启动后的桥接过滤' },
  needs: ['units', 'netfilter'],
  check,
  explain: ({ unit, kind, file }) => ({
    title: {
      en: `${unit} will leave ${KEY} at 1`,
      'zh-CN': `${unit} 启动后 ${KEY} 将保持为 1`,
    },
    cause:
      kind === 'missing'
        ? {
            en: `rke2 itself writes 1 at every start, after every sysctl.d file. Harvester 1.4.1 and later put 0 back with an ExecStartPost line in a drop-in; ${unit} has none.`,
            'zh-CN': `rke2 每次启动都会写入 1，晚于所有 sysctl.d 文件。Harvester 1.4.1 及以后通过 drop-in 中的 ExecStartPost 写回 0，而 ${unit} 没有这一行。`,
          }
        : {
            en: `The line that puts 0 back is in ${file}: /run is gone after a reboot.`,
            'zh-CN': `写回 0 的那一行位于 ${file}：/run 重启后即消失。`,
          },
    impact: {
      en: 'VMs on a VLAN lose traffic that FORWARD or KUBE-FORWARD drops, and bridged frames are masqueraded: a VM cannot reach its gateway, another node or the management address.',
      'zh-CN':
        'VLAN 上虚拟机的流量会被 FORWARD 或 KUBE-FORWARD 丢弃，桥接帧还会被伪装源地址：虚拟机无法访问网关、其他节点或管理地址。',
    },
  }),
  prove: ({ unit }) => `systemctl cat ${unit} | grep -n ExecStartPost; sysctl ${KEY}`,
  remedies: () => [],
});
