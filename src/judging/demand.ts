import type { Unknown } from '../hosts/reading.ts';
import type { Bilingual } from '../lang.ts';
import type { Severity } from './finding.ts';

interface DemandBase {
  /** Who wants it: problems' ids, `--hold` for what a person asked for; several are separated by `, `. */
  readonly by: string;
  readonly reason: Bilingual;
}

/** A setting below /proc/sys, its key in slashes, e.g. `net/ipv4/ip_forward`. */
export interface SettingDemand extends DemandBase {
  readonly kind: 'setting';
  readonly key: string;
  /** What is written when it is wrong. */
  readonly value: string;
  /** Values that are as good and left alone, e.g. rp_filter 0 where 2 is wanted. */
  readonly also?: readonly string[];
  /** A larger number is as good. */
  readonly atLeast?: true;
}

/** A bridge's own netfilter switch, which no sysctl hook sees. */
export interface BridgeDemand extends DemandBase {
  readonly kind: 'bridge-setting';
  readonly bridge: string;
  readonly name: 'nf_call_iptables' | 'nf_call_ip6tables';
  readonly value: '0' | '1';
}

/** A module in memory. */
export interface ModuleDemand extends DemandBase {
  readonly kind: 'module';
  readonly name: string;
}

/** One thing the guard keeps as it should be. */
export type Demand = SettingDemand | BridgeDemand | ModuleDemand;

type Unsigned<D> = D extends Demand ? Omit<D, 'by'> : never;
/** A demand as a problem states it: whose it is, is added where problems are asked. */
export type OwnDemand = Unsigned<Demand>;

/**
 * What a problem says of one thing the guard could keep: three answers, as a judgement has. `left`: it would be wanted,
 * reads otherwise, and nothing shows that it was ever meant to be so here: writing it would be meddling. `unknown`:
 * what decides could not be seen, which is no reason to write either.
 */
export type Holding =
  | { readonly status: 'held'; readonly demand: OwnDemand }
  | { readonly status: 'left'; readonly demand: OwnDemand; readonly why: Bilingual }
  | {
      readonly status: 'unknown';
      /** What it is about, as people name it: a setting, a bridge, a module. */
      readonly about: string;
      readonly severity: Severity;
      readonly unknown: Unknown;
    };

/** A setting that must stay; `also` and `atLeast` as in `SettingDemand`. */
export function holdSetting(
  key: string,
  value: string,
  reason: Bilingual,
  more: Pick<SettingDemand, 'also' | 'atLeast'> = {},
): Holding {
  return { status: 'held', demand: { kind: 'setting', key, value, ...more, reason } };
}

export function holdUnknown(about: string, severity: Severity, unknown: Unknown): Holding {
  return { status: 'unknown', about, severity, unknown };
}
