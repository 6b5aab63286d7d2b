import type { Judgement } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import { DEFAULT_DATA_DIR, reclaimBeforeStart } from '../leases/before-start.ts';
import { type Facts, judgeReset } from './cni-reset-ineffective/judge.ts';

/** Harvester's own cleaning of leaked addresses at boot does nothing. */
export const cniResetIneffective = defineProblem({
  id: 'cni-reset-ineffective',
  title: {
    en: "Harvester's cleaning of leaked Pod addresses at boot",
    'zh-CN': 'Harvester 开机时对泄漏 Pod 地址的清理',
  },
  needs: ['harvester'],
  check: ({ harvester }): readonly Judgement<Facts>[] => [judgeReset(harvester)],
  explain({ version, how, path, stage, firstGood }) {
    const better = {
      en: firstGood
        ? `The first release of this line in which it works is ${firstGood}.`
        : 'No release of this line has one that works; v1.4.3 has.',
      'zh-CN': firstGood
        ? `该系列首个有效的版本是 ${firstGood}。`
        : '该系列没有任何版本带有有效的清理；v1.4.3 起才有。',
    };
    const cause = {
      absent: {
        en: `Harvester ${version} has no stage that cleans /var/lib/cni/networks at boot.`,
        'zh-CN': `Harvester ${version} 没有在开机时清理 /var/lib/cni/networks 的 stage。`,
      },
      broken: {
        en: `${path} has the key \`command:\`, of which yip takes no notice; it must be \`commands:\`.`,
        'zh-CN': `${path} 用的键是 \`command:\`，yip 会忽略它；正确的键是 \`commands:\`。`,
      },
      late: {
        en: `${path} cleans in stage \`${stage}\`, which yip does not run with the node's disks in place before the container runtime starts; \`initramfs\` is such a stage. Beside a running runtime it would take the addresses of living Pods.`,
        'zh-CN': `${path} 在 stage \`${stage}\` 中清理，而 yip 不会在磁盘就绪之后、容器运行时启动之前运行它；应放在 \`initramfs\`。若在运行时启动之后清理，会夺走存活 Pod 的地址。`,
      },
      unreadable: {
        en: `yip cannot load ${path} and leaves it out, up to Harvester v1.6 together with its whole directory. Mend that file first.`,
        'zh-CN': `yip 无法加载 ${path}，会跳过它；Harvester v1.6 及之前还会跳过整个目录。请先修好该文件。`,
      },
    }[how];
    return {
      title: {
        en: 'Leaked Pod addresses are not given back at boot',
        'zh-CN': '开机时不会归还泄漏的 Pod 地址',
      },
      cause: { en: `${cause.en} ${better.en}`, 'zh-CN': `${cause['zh-CN']}${better['zh-CN']}` },
      impact: {
        en: 'After each hard power-off the dead Pods keep their addresses; some such reboots later no Pod starts: "no IP addresses available in range set".',
        'zh-CN':
          '每次异常断电后，已失效的 Pod 仍占着地址；几次之后新 Pod 便无法启动：“no IP addresses available in range set”。',
      },
    };
  },
  prove: ({ path }) => `cat ${path || '/system/oem/99_cni_reset.yaml'}`,
  // A stage of ours in /oem would be left out together with the file there that does not load.
  remedies: ({ how, path }, _parts, profile) =>
    how === 'unreadable' && path.startsWith('/oem/')
      ? []
      : [reclaimBeforeStart({ dataDirs: [DEFAULT_DATA_DIR] }, profile)],
});
