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
  explain({ version, how, path, firstGood }) {
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
      unreadable: {
        en: `${path} is no YAML, so yip leaves out the whole directory.`,
        'zh-CN': `${path} 不是合法的 YAML，yip 会跳过整个目录。`,
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
  remedies: (_facts, _parts, profile) => [reclaimBeforeStart({ dataDirs: [DEFAULT_DATA_DIR] }, profile)],
});
