import type { Evidence, Finding, Severity } from '../judging/finding.ts';
import type { Bilingual, Lang } from '../lang.ts';

/** What a finding is called where nothing better is said of it. */
const TITLES = {
  'vm-network-dhcp': { en: 'DHCP in a VM network', 'zh-CN': '虚拟机网络的 DHCP' },
  'vm-network-rogue-dhcp': { en: 'DHCP servers that are not meant to be there', 'zh-CN': '不应存在的 DHCP 服务器' },
  'vm-network-gateway-unreachable': { en: "A VM network's gateway", 'zh-CN': '虚拟机网络的网关' },
  'vm-network-route-missing': { en: 'VM network: the route annotation', 'zh-CN': '虚拟机网络：route 注解' },
  'vm-network-route-invalid': { en: 'VM network: the route annotation', 'zh-CN': '虚拟机网络：route 注解' },
  'vm-network-status-stale': { en: 'What Harvester shows of a VM network', 'zh-CN': 'Harvester 显示的虚拟机网络状态' },
} as const satisfies Readonly<Record<string, Bilingual>>;

/** A problem of a VM network that a probe or a list of networks can find. */
export type NetworkProblem = keyof typeof TITLES;

/** What is said of a network; what is left out has nothing to say. */
export interface SaidOfNetwork {
  readonly problem: NetworkProblem;
  readonly status: Finding['status'];
  readonly severity: Severity;
  readonly title?: Bilingual;
  readonly cause?: Bilingual;
  readonly impact?: Bilingual;
  readonly evidence?: readonly Evidence[];
  readonly unknown?: Finding['unknown'];
  readonly prove?: string;
}

/** Words it in the shape of all findings. `subject` is the network, `target` the node or the cluster that was looked at. */
export function networkFinding(
  said: SaidOfNetwork,
  { target, subject }: { readonly target: string; readonly subject: string },
  lang: Lang,
): Finding {
  const { problem, status, severity, title = TITLES[problem], cause, impact, evidence = [], unknown } = said;
  return {
    problem,
    target,
    subject,
    status,
    severity,
    title: title[lang],
    cause: cause?.[lang] ?? '',
    impact: impact?.[lang] ?? '',
    evidence,
    ...(unknown && { unknown }),
    prove: said.prove ?? '',
    remedies: [],
    docs: `docs/problems/${problem}.md`,
  };
}
