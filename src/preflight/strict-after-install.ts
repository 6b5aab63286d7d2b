import { firstUnknown } from '../hosts/reading.ts';
import { shellWord } from '../hosts/shell-text.ts';
import type { Judgement } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import { type Asymmetry, asymmetriesOf } from '../topology/reverse-path.ts';

interface Facts {
  readonly asymmetry: Asymmetry;
  /** The interface's own value is strict already: then even an installer that writes 0 to `all` leaves it strict. */
  readonly ownStrict: boolean;
}

const NEEDS = ['sysctl', 'links', 'addresses', 'routes', 'rules', 'neighbours'] as const;
type Needed = Parts<(typeof NEEDS)[number]>;

function judgeLink(asymmetry: Asymmetry, { sysctl }: Needed): Judgement<Facts> {
  const subject = asymmetry.link;
  const own = sysctl.get(`net/ipv4/conf/${subject}/rp_filter`);
  if (!own.known) return { status: 'unknown', subject, severity: 'warning', unknown: own, evidence: [] };
  const evidence = [{ source: own.source, value: own.value, wanted: '2' }];
  // In force is the larger of `all` and the interface's own: a 2 here stays loose whatever the installer writes to all.
  if (own.value === '2') return { status: 'ok', subject, evidence };
  const ownStrict = own.value === '1';
  const severity = ownStrict ? 'critical' : 'warning';
  return { status: 'problem', subject, severity, evidence, facts: { asymmetry, ownStrict } };
}

/** Reverse-path filtering will be strict where the wiring sends answers another way. */
export const strictAfterInstall = defineProblem({
  id: 'rp-filter',
  title: { en: 'Reverse-path filtering after the installation', 'zh-CN': '安装后的反向路径过滤' },
  needs: NEEDS,
  check(parts): readonly Judgement<Facts>[] {
    const { links, addresses, routes, rules, neighbours } = parts;
    if (!links.known || !addresses.known || !routes.known || !rules.known || !neighbours.known) {
      const missing = firstUnknown(links, addresses, routes, rules, neighbours);
      return missing ? [{ status: 'unknown', subject: '', severity: 'warning', unknown: missing, evidence: [] }] : [];
    }
    const asymmetries = asymmetriesOf({
      links: links.value,
      addresses: addresses.value,
      routes: routes.value,
      rules: rules.value,
      neighbours: neighbours.value,
    });
    const byLink = new Map(asymmetries.toReversed().map((one) => [one.link, one]));
    if (byLink.size > 0) return [...byLink.values()].map((one) => judgeLink(one, parts));
    return [
      { status: 'ok', subject: '', evidence: [{ source: routes.source, value: 'every path goes and returns alike' }] },
    ];
  },
  explain: ({ asymmetry: { link, returnsBy, shownBy }, ownStrict }) => ({
    title: {
      en: `${link} will refuse packets that are answered by ${returnsBy}`,
      'zh-CN': `${link} 会拒收回程走 ${returnsBy} 的报文`,
    },
    cause: ownStrict
      ? {
          en: `rp_filter of ${link} is 1 (strict), and the larger of it and conf.all counts: the 0 that KubeKey 3.x writes to conf.all changes nothing, the 1 of 4.x confirms it. The route back to ${shownBy} leaves by ${returnsBy}.`,
          'zh-CN': `${link} 的 rp_filter 为 1（严格），实际生效的是它与 conf.all 中较大者：KubeKey 3.x 写入 conf.all 的 0 不起作用，4.x 写入的 1 则相同。到 ${shownBy} 的回程走 ${returnsBy}。`,
        }
      : {
          en: `KubeKey 4.x writes 1 (strict) to conf.all (3.x wrote 0), while the route back to ${shownBy} leaves by ${returnsBy}. A value of 2 on ${link} itself stays loose, for the larger counts.`,
          'zh-CN': `KubeKey 4.x 向 conf.all 写入 1（严格；3.x 写 0），而到 ${shownBy} 的回程走 ${returnsBy}。若 ${link} 自身为 2 则保持宽松，因为取较大者。`,
        },
    impact: {
      en: 'Packets vanish without a trace but IPReversePathFilter: nodes cannot reach each other by that network, NodePort and VIP time out.',
      'zh-CN': '报文被静默丢弃，只有 IPReversePathFilter 计数增长：节点经该网络互不可达，NodePort、VIP 超时。',
    },
  }),
  prove: ({ asymmetry: { link } }) =>
    `cat /proc/sys/net/ipv4/conf/all/rp_filter ${shellWord(`/proc/sys/net/ipv4/conf/${link}/rp_filter`)}; ip route`,
  remedies: () => [],
});
