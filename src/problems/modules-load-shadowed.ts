import type { Judgement } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import type { Profile } from '../profiles/profile.ts';
import { durable } from '../remedies/persist/durable.ts';
import { PERSIST_NEEDS } from '../remedies/persist/wanted.ts';
import type { TextFile } from '../snapshot/sysctl-files.ts';

interface Facts {
  /** What KubeKey wrote first, and no file lists any more. */
  readonly missing: readonly string[];
}

/** KubeKey's list of modules for ipvs (3.x init script, `kube_proxy-ipvs.conf`). */
const FILE = '/etc/modules-load.d/kube_proxy-ipvs.conf';
const LISTED = ['ip_vs', 'ip_vs_rr', 'ip_vs_wrr', 'ip_vs_sh'] as const;
const NEEDS = ['modules', ...PERSIST_NEEDS] as const;

/** modules-load.d(5): one name a line, `-` and `_` alike, comments begin with `#` or `;`. */
function namesIn({ text }: TextFile): readonly string[] {
  const lines = text.known ? text.value.split('\n').map((line) => line.trim()) : [];
  return lines.filter((line) => line !== '' && !/^[#;]/.test(line)).map((line) => line.replaceAll('-', '_'));
}

function check(
  { moduleFiles: { load }, modules }: Parts<(typeof NEEDS)[number]>,
  profile: Profile,
): readonly Judgement<Facts>[] {
  const subject = FILE;
  if (!load.known) return [{ status: 'unknown', subject, severity: 'info', unknown: load, evidence: [] }];
  const file = load.value.find(({ path }) => path === FILE);
  if (!file || profile.proxyMode !== 'ipvs') {
    const why = file ? `profile ${profile.name} needs no IPVS` : 'KubeKey was never run here';
    return [{ status: 'not-applicable', subject, evidence: [], why }];
  }
  const unread = load.value.map(({ text }) => text).find((text) => !text.known && text.reason !== 'absent');
  if (unread && !unread.known) return [{ status: 'unknown', subject, severity: 'info', unknown: unread, evidence: [] }];
  const listed = new Set(load.value.flatMap(namesIn));
  const missing = LISTED.filter((name) => {
    const state = modules.state(name);
    return !listed.has(name) && !(state.known && state.value === 'built-in');
  });
  const value = file.text.known ? file.text.value.trim().replace(/\s+/g, ' ') : '';
  const evidence = [{ source: FILE, value, wanted: LISTED.join(' '), file: FILE, line: 1 }];
  if (missing.length === 0) return [{ status: 'ok', subject, evidence }];
  return [{ status: 'problem', subject, severity: 'warning', evidence, facts: { missing } }];
}

/** KubeKey 3.x overwrote its own list of modules (kubekey#2809): found by the file, not by a version. */
export const modulesLoadShadowed = defineProblem({
  id: 'modules-load-shadowed',
  title: { en: 'IPVS modules at boot', 'zh-CN': '启动时加载的 IPVS 模块' },
  needs: NEEDS,
  check,
  explain: ({ missing }) => ({
    title: { en: 'The list of IPVS modules was overwritten', 'zh-CN': 'IPVS 模块列表被覆盖' },
    cause: {
      en: `KubeKey 3.x lists the IPVS modules and then writes nf_conntrack over them (kubekey#2809; 4.x appends). No other file in modules-load.d lists ${missing.join(', ')}.`,
      'zh-CN': `KubeKey 3.x 写入 IPVS 模块列表后，又用 nf_conntrack 将其覆盖（kubekey#2809；4.x 改为追加）。modules-load.d 中没有其他文件列出 ${missing.join('、')}。`,
    },
    impact: {
      en: 'After a reboot IPVS is there only if kube-proxy can load it from its container: NodePort and Services may stay dead on this node.',
      'zh-CN': '重启后只有在 kube-proxy 能从容器内加载模块时才有 IPVS：本节点的 NodePort 和 Service 可能一直不通。',
    },
  }),
  prove: () => `cat ${FILE}; grep -h ^ip_vs /etc/modules-load.d/*.conf`,
  remedies: ({ missing }, parts, profile) =>
    durable({ settings: [], modules: missing }, 'modules-load-shadowed', profile, parts),
});
