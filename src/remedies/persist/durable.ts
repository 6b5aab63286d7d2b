import type { Profile } from '../../profiles/profile.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Remedy } from '../remedy.ts';
import type { Step } from '../step.ts';

/** A bridge's own netfilter switch that must hold whenever that bridge exists. */
export interface WantedBridgeSetting {
  readonly bridge: string;
  readonly name: 'nf_call_iptables' | 'nf_call_ip6tables';
  readonly value: '0' | '1';
}

/** What has to hold after the next boot and after every start of a service that resets it. */
export interface Wanted {
  /** Keys are paths below /proc/sys, e.g. `net/ipv4/conf/eth0.100/rp_filter`. */
  readonly settings: readonly { readonly key: string; readonly value: string }[];
  readonly bridgeSettings?: readonly WantedBridgeSetting[];
  readonly modules?: readonly string[];
}

/** The parts of a snapshot persistence depends on: what is installed, and what already holds a setting. */
export type PersistParts = Pick<Snapshot, 'units' | 'os' | 'udevRules' | 'moduleFiles' | 'harvester'>;

/**
 * The plan that makes settings outlast a reboot and a service restart on this kind of system: at most one remedy of
 * scope `persist`, none when there is nothing to write. What it writes is plain files, units and POSIX shell.
 */
export function durable(wanted: Wanted, problemId: string, _profile: Profile, _parts: PersistParts): readonly Remedy[] {
  const steps: Step[] = [];
  if (wanted.settings.length > 0) {
    const lines = wanted.settings.map(({ key, value }) => `${key} = ${value}\n`);
    steps.push({
      kind: 'file',
      path: `/etc/sysctl.d/zz-hayward-${problemId}.conf`,
      content: lines.join(''),
      mode: 0o644,
    });
  }
  if (steps.length === 0) return [];
  return [
    {
      id: 'persist',
      summary: { en: 'Keep it over reboots and service restarts', 'zh-CN': '使其在重启和服务重启后仍然有效' },
      risk: 'low',
      scope: 'persist',
      steps,
    },
  ];
}
