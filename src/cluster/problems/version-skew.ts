import type { NodeLook } from '../model/nodes.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { minorOf, minors } from '../versions.ts';
import { releaseOf } from './version-skew/releases.ts';

interface Facts {
  readonly kind: 'newer' | 'too-old' | 'behind' | 'servers-apart' | 'release';
  readonly who: string;
  readonly version: string;
  readonly other: string;
  /** Minor versions between which something lies that breaks checks. */
  readonly between: readonly [number, number];
}

/** Chosen, not measured: an upgrade that moves VMs from node to node takes hours; what is behind after six was forgotten. */
const UPGRADE_SECONDS = 6 * 3600;

/** v1.32.10 after v1.32.9. */
const BY_NUMBER = new Intl.Collator('en', { numeric: true });

type Parts = ClusterParts<'nodes' | 'ownNode' | 'apiServers' | 'harvesterVersion'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { nodes, ownNode, apiServers } = parts;
  const servers = [...new Set(apiServers.flatMap(({ version }) => (version.known ? [version.value] : [])))];
  const seen = nodes.known ? nodes.value : ownNode.known ? [ownNode.value] : [];
  const upgrading = seen.some(({ upgrade }) => upgrade !== undefined);
  if (servers.length === 0) {
    const unknown = apiServers[0]?.version;
    if (!unknown || unknown.known)
      return [{ status: 'not-applicable', subject: '', why: 'no API server', evidence: [] }];
    return [...behind(seen, upgrading), { status: 'unknown', subject: '', severity: 'info', unknown, evidence: [] }];
  }
  const found = [
    ...serversApart(servers),
    ...seen.flatMap((node) => judgeNode(node, servers)),
    ...behind(seen, upgrading),
    ...release(parts, servers, upgrading),
  ];
  if (found.length > 0) return found;
  const evidence = servers.map((version) => ({ source: 'API server', value: version }));
  return [{ status: 'ok', subject: '', evidence }];
}

function serversApart(servers: readonly string[]): ClusterJudgement<Facts>[] {
  const [oldest, newest] = minors(servers);
  if (newest === oldest) return [];
  const facts: Facts = {
    kind: 'servers-apart',
    who: '',
    version: servers.join(', '),
    other: '',
    between: [oldest, newest],
  };
  const evidence = servers.map((version) => ({ source: 'API server', value: version }));
  const settles = { deadlineSeconds: UPGRADE_SECONDS };
  // kube-apiserver instances must be within one minor version (kubernetes.io/releases/version-skew-policy).
  return [
    {
      status: 'problem',
      subject: '',
      severity: 'warning',
      ...(newest - oldest <= 1 && { settles }),
      facts,
      evidence,
    },
  ];
}

/** The skew policy: no kubelet newer than any API server, none more than three minors older (two before 1.28). */
function judgeNode({ name, kubeletVersion }: NodeLook, servers: readonly string[]): ClusterJudgement<Facts>[] {
  const kubelet = minorOf(kubeletVersion);
  const [oldest, newest] = minors(servers);
  if (kubelet === undefined) return [];
  const allowed = newest >= 28 ? 3 : 2;
  const kind = kubelet > oldest ? 'newer' : kubelet < newest - allowed ? 'too-old' : undefined;
  if (kind === undefined) return [];
  const facts: Facts = {
    kind,
    who: name,
    version: kubeletVersion,
    other: servers.join(', '),
    between: [Math.min(kubelet, oldest), Math.max(kubelet, newest)],
  };
  const evidence = [{ source: `node ${name}`, value: kubeletVersion, wanted: `1.${newest - allowed} to 1.${oldest}` }];
  return [{ status: 'problem', subject: name, severity: 'warning', facts, evidence }];
}

/** Nodes that are not where the newest is. While the upgrade's own marks are on any node it is under way. */
function behind(nodes: readonly NodeLook[], upgrading: boolean): ClusterJudgement<Facts>[] {
  const newest =
    [...nodes].sort((a, b) => BY_NUMBER.compare(b.kubeletVersion, a.kubeletVersion))[0]?.kubeletVersion ?? '';
  return nodes
    .filter(({ kubeletVersion }) => kubeletVersion !== newest)
    .map(({ name, kubeletVersion }) => {
      const between = minors([kubeletVersion, newest]);
      const facts: Facts = { kind: 'behind', who: name, version: kubeletVersion, other: newest, between };
      const evidence = [{ source: `node ${name}`, value: kubeletVersion, wanted: newest }];
      const severity = upgrading ? 'info' : 'warning';
      const settles = { deadlineSeconds: UPGRADE_SECONDS };
      return { status: 'problem', subject: `${name} behind`, severity, settles, facts, evidence };
    });
}

function release(
  { harvesterVersion }: Parts,
  servers: readonly string[],
  upgrading: boolean,
): ClusterJudgement<Facts>[] {
  if (!harvesterVersion.known) return [];
  const wanted = releaseOf(harvesterVersion.value);
  const [oldest, newest] = minors(servers);
  if (wanted === undefined || (oldest <= wanted && wanted <= newest)) return [];
  const facts: Facts = {
    kind: 'release',
    who: `Harvester ${harvesterVersion.value}`,
    version: servers.join(', '),
    other: `1.${wanted}`,
    between: minors([...servers, `v1.${wanted}`]),
  };
  const evidence = [
    { source: harvesterVersion.source, value: harvesterVersion.value, wanted: `Kubernetes 1.${wanted}` },
  ];
  const severity = upgrading ? 'info' : 'warning';
  const settles = { deadlineSeconds: UPGRADE_SECONDS };
  return [{ status: 'problem', subject: 'Harvester', severity, settles, facts, evidence }];
}

/** Versions of the cluster's parts do not go together, or an upgrade left something behind. */
export const versionSkew = defineClusterProblem({
  id: 'version-skew',
  title: { en: 'Versions', 'zh-CN': '版本' },
  needs: ['nodes', 'ownNode', 'apiServers', 'harvesterVersion'],
  check,
  explain: (facts) => ({ title: titleOf(facts), cause: CAUSES[facts.kind], impact: impactOf(facts) }),
  prove: () => 'kubectl get nodes -o wide; kubectl version',
});

function titleOf({ kind, who, version, other }: Facts) {
  switch (kind) {
    case 'newer':
      return {
        en: `${who} (${version}) is newer than the API server (${other})`,
        'zh-CN': `${who}（${version}）比 API server（${other}）新`,
      };
    case 'too-old':
      return {
        en: `${who} (${version}) is too old for the API server (${other})`,
        'zh-CN': `${who}（${version}）对 API server（${other}）而言过旧`,
      };
    case 'behind':
      return {
        en: `${who} is still at ${version}, others at ${other}`,
        'zh-CN': `${who} 仍是 ${version}，其他节点已是 ${other}`,
      };
    case 'servers-apart':
      return { en: `API servers of different versions: ${version}`, 'zh-CN': `API server 版本不一：${version}` };
    case 'release':
      return {
        en: `${who} comes with Kubernetes ${other}, and runs on ${version}`,
        'zh-CN': `${who} 应搭配 Kubernetes ${other}，实际为 ${version}`,
      };
  }
}

const CAUSES = {
  newer: {
    en: 'Servers are upgraded before agents; here it was the other way round, or a server was put back.',
    'zh-CN': '应先升级 server 再升级 agent；此处顺序颠倒，或 server 被回退。',
  },
  'too-old': { en: 'The node was left out of more than one upgrade.', 'zh-CN': '该节点错过了多次升级。' },
  behind: {
    en: 'An upgrade is under way, or this node was forgotten in it.',
    'zh-CN': '正在升级，或升级时遗漏了该节点。',
  },
  'servers-apart': {
    en: 'An upgrade is under way, or stopped between two servers.',
    'zh-CN': '正在升级，或升级停在两台 server 之间。',
  },
  release: {
    en: 'RKE2 was upgraded by itself, or Harvester’s upgrade stopped half-way.',
    'zh-CN': '单独升级了 RKE2，或 Harvester 升级中途停止。',
  },
} as const;

/** Between 1.31 and 1.32 the node authorizer began to look at selectors: what a check is answered depends on who answers. */
function impactOf({ kind, between: [from, to] }: Facts) {
  if (from < 32 && to >= 32) {
    return {
      en: 'Servers from 1.32 on refuse a node the Pods of other nodes, older ones give them: consoles and scripts with node credentials say Ready or NotReady by which server they meet. Nothing is wrong with the node itself.',
      'zh-CN':
        '1.32 起的 server 拒绝节点读取其他节点的 Pod，更早的允许：使用节点身份的控制台和脚本会因连到哪台 server 而显示 Ready 或 NotReady，节点本身并无故障。',
    };
  }
  return kind === 'newer' || kind === 'too-old'
    ? {
        en: 'Outside the skew policy: fields and APIs may be missing on one side.',
        'zh-CN': '超出版本偏差策略：一方可能缺少字段或 API。',
      }
    : {
        en: 'Works, within the skew policy; the next upgrade may refuse to begin.',
        'zh-CN': '在版本偏差策略内可以工作，但下次升级可能无法开始。',
      };
}
