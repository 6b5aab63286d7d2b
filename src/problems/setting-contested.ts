import type { Judgement } from '../judging/finding.ts';
import { defineProblem, type Parts } from '../judging/problem.ts';
import { BOOT_NEEDS, bootSources } from '../persistence/boot-sources.ts';
import { voices } from '../persistence/configured.ts';
import { canonicalKey, sameValue } from '../persistence/kernel-settings.ts';
import { nextBoot } from '../persistence/next-boot.ts';
import type { Profile } from '../profiles/profile.ts';
import { durable } from '../remedies/persist/durable.ts';
import { sysctlName } from '../snapshot/sysctl-name.ts';
import { type Contest, type ContestInput, contestOf } from './setting-contested/contest.ts';
import { type ContestFacts, explainContest, proveContest } from './setting-contested/words.ts';

type Needed = Parts<(typeof BOOT_NEEDS)[number]>;
type Verdict = Judgement<ContestFacts>;

function wantedOf(key: string, { wants, bridgeNetfilter }: Profile): string | undefined {
  const want = wants.find((each) => each.compare === 'is' && canonicalKey(each.key) === key);
  if (want || key !== 'net/bridge/bridge-nf-call-iptables') return want?.value;
  if (bridgeNetfilter === 'by-topology') return undefined;
  return bridgeNetfilter === 'on' ? '1' : '0';
}

function judgeKey(input: ContestInput, parts: Needed): Verdict[] {
  const { key, profile } = input;
  const subject = sysctlName(key);
  const running = parts.sysctl.get(key);
  if (!running.known && running.reason === 'absent') return [];
  const contest = contestOf(input);
  if (!contest.known) return [{ status: 'unknown', subject, severity: 'info', unknown: contest, evidence: [] }];
  if (!contest.value) return [];
  const wanted = wantedOf(key, profile);
  const harmless = contest.value.stable && isRight(contest.value, running.known ? running.value : undefined, wanted);
  return [
    {
      status: 'problem',
      subject,
      severity: harmless ? 'info' : 'warning',
      evidence: [
        ...contest.value.parties.map(({ who, line, value }) => ({
          source: who,
          value,
          ...(line === undefined ? {} : { file: who, line }),
        })),
        ...(running.known ? [{ source: running.source, value: running.value, ...(wanted ? { wanted } : {}) }] : []),
      ],
      facts: { key, wanted, harmless, ...contest.value },
    },
  ];
}

/** The running value is the one that all orders end with, and the one that is wanted. */
function isRight({ outcomes }: Contest, running: string | undefined, wanted: string | undefined): boolean {
  const end = outcomes.boot ?? outcomes.restarts[0]?.value;
  if (running === undefined || end === undefined) return false;
  return sameValue(running, end) && (wanted === undefined || sameValue(running, wanted));
}

/** Two files, or a file and a service, that want different values of one setting. */
export const settingContested = defineProblem({
  id: 'setting-contested',
  title: { en: 'Settings wanted differently by different parties', 'zh-CN': '被多方设为不同值的设置' },
  needs: BOOT_NEEDS,
  check(parts, profile): readonly Verdict[] {
    const sources = bootSources(parts);
    if (!sources.known) return [{ status: 'unknown', subject: '', severity: 'info', unknown: sources, evidence: [] }];
    const spoken = voices(sources.value);
    const keys = new Set([...spoken.keys(), ...profile.resetters.map(({ key }) => canonicalKey(key))]);
    const boot = nextBoot(parts);
    const verdicts = [...keys].flatMap((key) =>
      judgeKey({ key, said: spoken.get(key) ?? [], sources: sources.value, boot, parts, profile }, parts),
    );
    if (verdicts.length > 0) return verdicts;
    const evidence = [{ source: sources.source, value: `${spoken.size} settings, each wanted one way` }];
    return [{ status: 'ok', subject: '', evidence }];
  },
  explain: explainContest,
  prove: proveContest,
  remedies({ key, wanted, harmless }, parts, profile) {
    // Which of two parties is right is for people to say, unless the profile says it.
    if (harmless || wanted === undefined) return [];
    return durable({ settings: [{ key, value: wanted }] }, 'setting-contested', profile, parts);
  },
});
