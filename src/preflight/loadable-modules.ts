import type { Evidence, Judgement } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';

interface Facts {
  readonly module: string;
  readonly kind: 'absent' | 'blocked' | 'blacklisted';
}

/**
 * How modprobe.d keeps a module out. `install NAME /bin/true` makes modprobe report success and load nothing;
 * `blacklist NAME` stops systemd-modules-load, not an explicit modprobe (modprobe.d(5), modules-load.d(5)).
 */
function blockOf(
  module: string,
  { moduleFiles }: Parts<'moduleFiles'>,
): { kind: Facts['kind']; at: Evidence } | undefined {
  const files = moduleFiles.modprobe.known ? moduleFiles.modprobe.value : [];
  for (const { path, text } of files) {
    if (!text.known) continue;
    for (const [index, line] of text.value.split('\n').entries()) {
      const kind = blockIn(line, module);
      if (kind) return { kind, at: { source: path, value: line.trim(), file: path, line: index + 1 } };
    }
  }
  return undefined;
}

function blockIn(line: string, module: string): Facts['kind'] | undefined {
  const [verb, name, command] = line.trim().split(/\s+/);
  if (name?.replaceAll('-', '_') !== module) return undefined;
  if (verb === 'blacklist') return 'blacklisted';
  return verb === 'install' && /^(\/usr)?\/bin\/(true|false)$/.test(command ?? '') ? 'blocked' : undefined;
}

function judgeModule(module: string, parts: Parts<'modules' | 'moduleFiles'>): Judgement<Facts> {
  const state = parts.modules.state(module);
  if (!state.known) {
    return { status: 'unknown', subject: module, severity: 'warning', unknown: state, evidence: [] };
  }
  const evidence = [{ source: state.source, value: state.value }];
  if (state.value === 'absent') {
    return { status: 'problem', subject: module, severity: 'critical', evidence, facts: { module, kind: 'absent' } };
  }
  const block = state.value === 'built-in' ? undefined : blockOf(module, parts);
  if (!block) return { status: 'ok', subject: module, evidence };
  return {
    status: 'problem',
    subject: module,
    severity: block.kind === 'blocked' ? 'critical' : 'warning',
    evidence: [block.at, ...evidence],
    facts: { module, kind: block.kind },
  };
}

const CAUSES = {
  absent: {
    en: "Neither the running kernel nor /lib/modules has it: the kernel's modules package is missing or of another version. The installer's modprobe fails.",
    'zh-CN': '运行中的内核和 /lib/modules 里都没有它：内核模块包缺失或版本不符，安装程序的 modprobe 会失败。',
  },
  blocked: {
    en: 'modprobe.d replaces its loading by a command that does nothing, as hardening guides advise: modprobe reports success and loads nothing, so the installer does not notice.',
    'zh-CN': 'modprobe.d 用空命令替换了加载动作（常见于安全加固）：modprobe 报告成功却没有加载，安装程序察觉不到。',
  },
  blacklisted: {
    en: "modprobe.d blacklists it: the installer's modprobe works, but systemd-modules-load leaves it out at the next boot.",
    'zh-CN': 'modprobe.d 将其列入黑名单：安装程序的 modprobe 可以加载，但下次启动时 systemd-modules-load 会跳过它。',
  },
} as const;

function impactOf(module: string) {
  if (module === 'vxlan') {
    return {
      en: 'The tunnel between the nodes cannot be made: Pods reach no Pod of another node (on a Raspberry Pi Ubuntu keeps the module in linux-modules-extra-raspi).',
      'zh-CN':
        '无法建立节点之间的隧道：Pod 无法访问其他节点的 Pod（Raspberry Pi 上的 Ubuntu 把该模块放在 linux-modules-extra-raspi 中）。',
    };
  }
  return module.startsWith('ip_')
    ? {
        en: 'kube-proxy falls back to iptables or stops: Services and NodePorts do not answer.',
        'zh-CN': 'kube-proxy 回退到 iptables 或无法启动：Service、NodePort 无响应。',
      }
    : {
        en: 'Bridge filtering, overlay file systems or connection tracking are missing when the cluster starts.',
        'zh-CN': '集群启动时缺少桥接过滤、overlay 文件系统或连接跟踪。',
      };
}

/** A module the installation needs that modprobe will not bring. One merely not loaded yet is as it should be. */
export const loadableModules = defineProblem({
  id: 'kernel-modules',
  title: { en: 'Kernel modules the installer loads', 'zh-CN': '安装程序要加载的内核模块' },
  needs: ['modules', 'moduleFiles'],
  check: (parts, profile): readonly Judgement<Facts>[] => profile.modules.map(({ name }) => judgeModule(name, parts)),
  explain: ({ module, kind }) => ({
    title: { en: `Kernel module ${module} cannot be loaded`, 'zh-CN': `内核模块 ${module} 无法加载` },
    cause: CAUSES[kind],
    impact: impactOf(module),
  }),
  prove: ({ module }) => `modprobe -n -v ${module}; modinfo -n ${module}`,
  remedies: () => [],
});
