import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { bootAfterInstall } from './boot-after-install.ts';
import { KUBEKEY_SYSCTL } from './kubekey.ts';

interface Facts {
  readonly place: string;
}

const KEY = 'net/bridge/bridge-nf-call-iptables';
const SUBJECT = 'net.bridge.bridge-nf-call-iptables';

/**
 * Bridge filtering, which a bridge CNI needs and the installer turns on, is off after the first reboot. The
 * installer lists br_netfilter in modules-load.d, so the key exists when systemd-sysctl runs; and where no line
 * speaks of it the module's own 1 stands.
 */
export const bridgeFilterKept = defineProblem({
  id: 'setting-not-persistent',
  title: { en: 'Bridge filtering after the first reboot', 'zh-CN': '首次重启后的桥接过滤' },
  needs: ['sysctlFiles'],
  check({ sysctlFiles }): readonly Judgement<Facts>[] {
    const boot = bootAfterInstall(sysctlFiles, KUBEKEY_SYSCTL, [KEY]);
    if (!boot.known) {
      return [{ status: 'unknown', subject: SUBJECT, severity: 'warning', unknown: boot, evidence: [] }];
    }
    const last = boot.value.at(-1);
    const evidence = last ? [{ source: last.file, value: last.text, file: last.file, line: last.line }] : [];
    if (last?.value !== '0') return [{ status: 'ok', subject: SUBJECT, evidence }];
    const facts = { place: `${last.file}:${last.line}` };
    return [{ status: 'problem', subject: SUBJECT, severity: 'critical', evidence, facts }];
  },
  explain: ({ place }) => ({
    title: {
      en: 'The first reboot turns bridge filtering off again',
      'zh-CN': '首次重启会把桥接过滤再次关闭',
    },
    cause: {
      en: `At boot ${place} is read after the installer's line in /etc/sysctl.conf and writes 0.`,
      'zh-CN': `启动时 ${place} 在安装程序写入 /etc/sysctl.conf 的那一行之后读取，写回 0。`,
    },
    impact: {
      en: 'With a bridge CNI (flannel) a Pod cannot reach a Service whose endpoint is on its own node: CoreDNS i/o timeout, now and then.',
      'zh-CN': '使用网桥类 CNI（flannel）时，Pod 访问同节点后端的 Service 会失败：CoreDNS 间歇性 i/o timeout。',
    },
  }),
  prove: () => 'grep -rn bridge-nf-call /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d',
  remedies: () => [],
});
