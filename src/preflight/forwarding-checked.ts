import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { bootAfterInstall } from './boot-after-install.ts';
import { FORWARDING_KEYS } from './forwarding-kept.ts';

type Facts =
  | { readonly kind: 'off-now' }
  | { readonly kind: 'off-at-boot'; readonly place: string }
  | { readonly kind: 'unset-at-boot' };

const SUBJECT = 'net.ipv4.ip_forward';

/**
 * Forwarding before kubeadm, which asks for 1 and stops without it (cmd/kubeadm/app/preflight, FileContentCheck), and
 * sets it nowhere: what no file sets is gone after the first reboot.
 */
export const forwardingChecked = defineProblem({
  id: 'ip-forward',
  title: { en: 'Forwarding now and after a reboot', 'zh-CN': '当前与重启后的转发' },
  needs: ['sysctl', 'sysctlFiles'],
  check({ sysctl, sysctlFiles }): readonly Judgement<Facts>[] {
    const subject = SUBJECT;
    const now = sysctl.get('net/ipv4/ip_forward');
    if (!now.known) return [{ status: 'unknown', subject, severity: 'warning', unknown: now, evidence: [] }];
    const seen = { source: now.source, value: now.value, wanted: '1' };
    if (now.value !== '1') {
      return [{ status: 'problem', subject, severity: 'critical', evidence: [seen], facts: { kind: 'off-now' } }];
    }
    const boot = bootAfterInstall(sysctlFiles, '', FORWARDING_KEYS);
    if (!boot.known) return [{ status: 'unknown', subject, severity: 'warning', unknown: boot, evidence: [seen] }];
    const last = boot.value.at(-1);
    if (!last) {
      const evidence = [seen, { source: boot.source, value: '', wanted: '1' }];
      return [{ status: 'problem', subject, severity: 'warning', evidence, facts: { kind: 'unset-at-boot' } }];
    }
    const evidence = [seen, { source: last.file, value: last.text, file: last.file, line: last.line }];
    if (last.value !== '0') return [{ status: 'ok', subject, evidence }];
    const facts: Facts = { kind: 'off-at-boot', place: `${last.file}:${last.line}` };
    return [{ status: 'problem', subject, severity: 'warning', evidence, facts }];
  },
  explain: (facts) => ({
    title:
      facts.kind === 'off-now'
        ? { en: 'Forwarding is off, and kubeadm stops at it', 'zh-CN': '转发未打开，kubeadm 会因此中止' }
        : { en: 'The first reboot takes forwarding away', 'zh-CN': '首次重启后转发会失效' },
    cause: causeOf(facts),
    impact: {
      en: 'Without it a NodePort answers on one node only and Pods reach nothing beyond their node; some networks’ agents turn it on when they start, others do not.',
      'zh-CN': '没有它，NodePort 只有一个节点可用，Pod 无法访问本节点之外；有的网络插件启动时会打开，有的不会。',
    },
  }),
  prove: () =>
    "sysctl net.ipv4.ip_forward; grep -rn 'ip_forward\\|forwarding' /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d",
  remedies: () => [],
});

function causeOf(facts: Facts) {
  switch (facts.kind) {
    case 'off-now':
      return {
        en: 'net.ipv4.ip_forward is 0. kubeadm checks for 1 and does not set it.',
        'zh-CN': 'net.ipv4.ip_forward 为 0。kubeadm 只检查是否为 1，不会设置。',
      };
    case 'off-at-boot':
      return {
        en: `It is 1 now, which is all kubeadm looks at; at boot ${facts.place} writes 0.`,
        'zh-CN': `目前为 1，kubeadm 只看当前值；启动时 ${facts.place} 会写入 0。`,
      };
    case 'unset-at-boot':
      return {
        en: 'It is 1 now, which is all kubeadm looks at; no file that is read at boot sets it.',
        'zh-CN': '目前为 1，kubeadm 只看当前值；启动时读取的文件都没有设置它。',
      };
  }
}
