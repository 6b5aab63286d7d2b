import { mapReading } from '../hosts/reading.ts';
import type { Judgement, Severity } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import { afterRestart, type RestartValue } from '../persistence/service-resets.ts';
import type { Profile } from '../profiles/profile.ts';
import type { Unit, Units } from '../snapshot/units.ts';
import { forwardPolicy } from './forward-chain.ts';

interface Facts {
  readonly unit: string;
  readonly kind: 'missing' | 'not-kept';
  readonly file: string;
}

const UNITS = ['rke2-server.service', 'rke2-agent.service'] as const;
const NEEDS = ['units', 'netfilter', 'sysctl', 'sysctlFiles'] as const;
const KEY = 'net.bridge.bridge-nf-call-iptables';
const PATH = 'net/bridge/bridge-nf-call-iptables';

function judgeStart({ unit, value, decidedBy }: RestartValue, missing: Severity): Judgement<Facts> {
  const evidence = [
    decidedBy
      ? { source: decidedBy.file, value: decidedBy.text, file: decidedBy.file, line: decidedBy.line }
      : { source: unit, value: `${KEY}=${value}`, wanted: `ExecStartPost=/sbin/sysctl -w ${KEY}=0` },
  ];
  const isKept = !decidedBy?.file.startsWith('/run/');
  if (value === '0' && isKept) return { status: 'ok', subject: unit, evidence };
  const facts: Facts = { unit, kind: value === '0' ? 'not-kept' : 'missing', file: decidedBy?.file ?? '' };
  return { status: 'problem', subject: unit, severity: missing, evidence, facts };
}

function check(parts: Parts<(typeof NEEDS)[number]>, profile: Profile): readonly Judgement<Facts>[] {
  const starts = afterRestart(PATH, { ...parts, units: installed(parts.units) }, profile);
  const policy = forwardPolicy(parts.netfilter);
  const missing = policy.known && policy.value === 'accept' ? 'warning' : 'critical';
  const judged = starts.flatMap((start): Judgement<Facts>[] => {
    if (start.known) return isRke2(start.value.unit) ? [judgeStart(start.value, missing)] : [];
    return [{ status: 'unknown', subject: '', severity: 'warning', unknown: start, evidence: [] }];
  });
  if (judged.length > 0) return judged;
  return [{ status: 'not-applicable', subject: '', why: 'no rke2-server or rke2-agent unit here', evidence: [] }];
}

/** Harvester ships both drop-ins on every node: a drop-in without its unit starts nothing. */
function installed({ systemd, units }: Units): Units {
  const isWhole = ({ name, files }: Unit) => files.some(({ path }) => path.endsWith(`/${name}`));
  return { systemd, units: mapReading(units, (all) => all.filter(isWhole)) };
}

function isRke2(unit: string): boolean {
  return UNITS.some((one) => one === unit);
}

/** After the next start of RKE2, at the next boot too, bridged VM traffic is run through iptables. */
export const harvesterDropIn = defineProblem({
  id: 'bridge-netfilter',
  title: { en: 'Bridge filtering after the next start of RKE2', 'zh-CN': 'RKE2 下次启动后的桥接过滤' },
  needs: NEEDS,
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
