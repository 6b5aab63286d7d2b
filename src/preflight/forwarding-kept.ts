import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { bootAfterInstall } from './boot-after-install.ts';
import { KUBEKEY_SYSCTL } from './kubekey.ts';

interface Facts {
  /** The line that turns it off again; undefined when no line is read at boot. */
  readonly place: string | undefined;
}

/** One setting under two names (net/ipv4/devinet.c): whichever is written last counts. */
export const FORWARDING_KEYS = ['net/ipv4/ip_forward', 'net/ipv4/conf/all/forwarding'] as const;
const SUBJECT = 'net.ipv4.ip_forward';

/** Forwarding, which the installer turns on, is off after the first reboot. */
export const forwardingKept = defineProblem({
  id: 'ip-forward',
  title: { en: 'Forwarding after the first reboot', 'zh-CN': '首次重启后的转发' },
  needs: ['sysctlFiles'],
  check({ sysctlFiles }): readonly Judgement<Facts>[] {
    const boot = bootAfterInstall(sysctlFiles, KUBEKEY_SYSCTL, FORWARDING_KEYS);
    if (!boot.known) {
      return [{ status: 'unknown', subject: SUBJECT, severity: 'warning', unknown: boot, evidence: [] }];
    }
    const last = boot.value.at(-1);
    if (!last) {
      const evidence = [{ source: boot.source, value: '', wanted: '1' }];
      return [{ status: 'problem', subject: SUBJECT, severity: 'warning', evidence, facts: { place: undefined } }];
    }
    const evidence = [{ source: last.file, value: last.text, file: last.file, line: last.line }];
    if (last.value !== '0') return [{ status: 'ok', subject: SUBJECT, evidence }];
    const facts = { place: `${last.file}:${last.line}` };
    return [{ status: 'problem', subject: SUBJECT, severity: 'critical', evidence, facts }];
  },
  explain: ({ place }) => ({
    title: {
      en: 'The first reboot takes away the forwarding the installer turns on',
      'zh-CN': '首次重启后，安装程序打开的转发会失效',
    },
    cause: place
      ? {
          en: `The installer writes 1 to /etc/sysctl.conf and sees it hold, because sysctl -p reads that file alone. At boot ${place} is read after it and writes 0.`,
          'zh-CN': `安装程序把 1 写入 /etc/sysctl.conf 并用 sysctl -p 生效，但后者只读这一个文件；启动时 ${place} 在其后读取，又写回 0。`,
        }
      : {
          en: 'The installer writes to /etc/sysctl.conf, which nothing reads at boot here: systemd-sysctl reads it only through a link 99-sysctl.conf in a sysctl.d directory (Debian 13 has none).',
          'zh-CN':
            '安装程序写入 /etc/sysctl.conf，而本机启动时没有任何程序读取它：systemd-sysctl 只通过 sysctl.d 目录中的 99-sysctl.conf 链接读取（Debian 13 没有该链接）。',
        },
    impact: {
      en: 'kube-proxy turns it on when it starts and never again: after a reboot, or when anything re-applies sysctl.d, a NodePort answers on one node only and ipvsadm shows OutPkts 0 (kubekey#2152).',
      'zh-CN':
        'kube-proxy 只在启动时打开一次：重启后或 sysctl.d 被重新应用后，NodePort 只有一个节点可用，ipvsadm 显示 OutPkts 为 0（kubekey#2152）。',
    },
  }),
  prove: () => "grep -rn 'ip_forward\\|forwarding' /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d",
  remedies: () => [],
});
