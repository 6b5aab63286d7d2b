import { defineProblem } from '../judging/problem.ts';
import type { Bilingual } from '../lang.ts';
import { reclaimBeforeStart } from '../leases/before-start.ts';
import { reclaimNow } from '../leases/reclaim.ts';
import { judgeLeak, type LeakFacts } from './cni-lease-leak/judge.ts';

/** Why it leaked, as far as that can be told. */
function origin(facts: LeakFacts): Bilingual {
  const { portmap } = facts;
  const found = lostHow(facts);
  if (portmap === undefined) return found;
  return {
    en: `${found.en} This node has no iptables program, and ${portmap} chains portmap, which fails without it: each try to start a Pod with a hostPort leaves one more address behind (rke2#3361). Install iptables, or it leaks again.`,
    'zh-CN': `${found['zh-CN']}本节点没有 iptables 程序，而 ${portmap} 串接的 portmap 没有它就会失败：每次尝试启动带 hostPort 的 Pod 都会再留下一个地址（rke2#3361）。请先安装 iptables，否则还会泄漏。`,
  };
}

function lostHow({ leaked, beforeBoot, dead }: LeakFacts): Bilingual {
  const count = leaked.length;
  if (beforeBoot === count) {
    return {
      en: 'All are from before the last boot: the node went down without stopping its Pods (a power cut, a reset).',
      'zh-CN': '全部来自本次启动之前：节点关机时没有停止 Pod（断电或强制重启）。',
    };
  }
  if (dead === count) {
    return {
      en: 'The runtime still lists their sandboxes as dead: it was cut off, and gives the addresses back when it stops them.',
      'zh-CN': '运行时仍将它们的沙箱列为已死：运行时曾异常中断，停止这些沙箱时会归还地址。',
    };
  }
  return {
    en: `${beforeBoot} are from before the last boot. The others were lost while the node ran: a plugin of the chain that failed when the Pod was taken down (portmap without iptables: rke2#3361; containerd#12130), or a killall script, which ends Pods without telling the CNI.`,
    'zh-CN': `其中 ${beforeBoot} 个来自本次启动之前。其余是运行中丢失的：销毁 Pod 时插件链中某个插件失败（缺少 iptables 时的 portmap：rke2#3361；containerd#12130），或 killall 脚本直接杀死 Pod 而未通知 CNI。`,
  };
}

/** Leases of dead sandboxes, which nothing on the node will ever give back. */
export const cniLeaseLeak = defineProblem({
  id: 'cni-lease-leak',
  title: { en: 'Leases of Pod addresses', 'zh-CN': 'Pod 地址租约' },
  needs: ['leases', 'netfilter', 'cni', 'tools'],
  check: judgeLeak,
  explain(facts) {
    const { network, leaked, free, capacity, leftoverResults, leftoverChains } = facts;
    const why = origin(facts);
    const room = capacity === undefined ? '' : ` of ${capacity}`;
    const left =
      leftoverResults + leftoverChains === 0
        ? { en: '', 'zh-CN': '' }
        : {
            en: ` Also left behind: ${leftoverResults} kept results in /var/lib/cni/results and ${leftoverChains} port mappings.`,
            'zh-CN': `另外还残留 /var/lib/cni/results 中的 ${leftoverResults} 份记录和 ${leftoverChains} 个端口映射。`,
          };
    return {
      title: {
        en: `${leaked.length}${room} addresses of ${network} are held for Pods that are gone`,
        'zh-CN': `${network} 有 ${leaked.length} 个地址仍被已消失的 Pod 占用${capacity === undefined ? '' : `（共 ${capacity} 个）`}`,
      },
      cause: {
        en: `host-local keeps a file for each address until the Pod is taken down in order, and collects none by itself; nor does the container runtime. ${why.en}${left.en}`,
        'zh-CN': `host-local 为每个地址保留一个文件，直到 Pod 被正常销毁；它自己不做垃圾回收，容器运行时也不做。${why['zh-CN']}${left['zh-CN']}`,
      },
      impact:
        free === 0
          ? {
              en: 'No Pod gets an address: "no IP addresses available in range set", Pods stay in ContainerCreating.',
              'zh-CN': 'Pod 无法获得地址：“no IP addresses available in range set”，一直停在 ContainerCreating。',
            }
          : {
              en: `${free === undefined ? 'Fewer' : `Only ${free}`} addresses are left for new Pods; each such shutdown takes more, until no Pod starts.`,
              'zh-CN': `可分配给新 Pod 的地址${free === undefined ? '减少' : `只剩 ${free} 个`}；每次这样的关机都会再占掉一些，直到 Pod 无法启动。`,
            },
    };
  },
  prove: ({ dataDir }) =>
    dataDir === '/var/lib/cni/networks'
      ? 'hayward leases'
      : `hayward leases --data-dir '${dataDir.replaceAll("'", "'\\''")}'`,
  remedies({ leaked }, { leases: { look } }, profile) {
    const now = reclaimNow(leaked, look);
    // Every directory, so that the findings of two networks want the same file.
    const dataDirs = [...new Set(look.networks.map((network) => network.dataDir))].sort();
    return [...(now ? [now] : []), reclaimBeforeStart({ dataDirs }, profile)];
  },
});
