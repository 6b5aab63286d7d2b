import { type Holding, holdUnknown, type OwnDemand } from '../../judging/demand.ts';
import type { Parts } from '../../judging/problem.ts';
import type { Bilingual } from '../../lang.ts';
import type { BOOT_NEEDS } from '../../persistence/boot-sources.ts';
import { canonicalKey, confOf } from '../../persistence/kernel-settings.ts';
import { nextBoot } from '../../persistence/next-boot.ts';
import { afterBoot } from '../../persistence/service-resets.ts';
import type { Profile, Want } from '../../profiles/profile.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import { goodValue } from './outlook.ts';

type Needed = Parts<(typeof BOOT_NEEDS)[number]>;

/**
 * Settings of a distribution's table. Releases of one installer differ in them, operators choose others, and no
 * judgement shows that a node is hurt by one: it is held where the node itself stands for it, because it is so now, or
 * because its own files and services make it so at every boot and somebody has changed it since.
 */
export function holdWants(parts: Needed, profile: Profile): readonly Holding[] {
  const boot = nextBoot(parts);
  return profile.wants
    .filter(({ key }) => !isJudged(key))
    .flatMap((want): readonly Holding[] => {
      const demand = demandFor(want);
      const running = parts.sysctl.get(want.key);
      if (!running.known) {
        return running.reason === 'absent' ? [] : [holdUnknown(sysctlName(want.key), 'info', running)];
      }
      const good = goodValue(want.value, want.compare);
      if (good(running.value)) return [{ status: 'held', demand }];
      const settled = afterBoot(want.key, boot, parts, profile);
      if (!settled.known) return [holdUnknown(sysctlName(want.key), 'info', settled)];
      const { value } = settled.value;
      if (value !== undefined && good(value)) return [{ status: 'held', demand }];
      return [{ status: 'left', demand, why: unclaimed(running.value, want) }];
    });
}

/** Judged by what the node's wiring needs, whatever a table says: by ip-forward and rp-filter. */
function isJudged(key: string): boolean {
  const conf = confOf(canonicalKey(key));
  return canonicalKey(key) === 'net/ipv4/ip_forward' || conf?.name === 'forwarding' || conf?.name === 'rp_filter';
}

function demandFor({ key, value, compare, reason }: Want): OwnDemand {
  return { kind: 'setting', key, value, ...(compare === 'at-least' && { atLeast: true }), reason };
}

function unclaimed(running: string, { value, compare }: Want): Bilingual {
  const least = compare === 'at-least';
  return {
    en: `it reads ${running}, the profile's table has ${value}${least ? ' or more' : ''}, and nothing on this node sets that at boot`,
    'zh-CN': `当前为 ${running}，发行版的设置表要求${least ? '至少' : ''} ${value}，但本节点开机时没有任何文件或服务设置该值`,
  };
}
