import type { Verdict } from '../cluster/verdict.ts';
import type { Via } from '../hosts/capture.ts';
import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import type { ProfileName } from '../profiles/profile.ts';

/** What runs on a node: the kernel, RKE2, Harvester … */
export interface Version {
  readonly what: string;
  readonly version: string;
}

/** A node that was looked at. */
export interface ReportTarget {
  readonly name: string;
  readonly via: Via;
  /** What `--host` was given, where the name alone does not say it. */
  readonly destination?: string;
  /** Of a node in a bundle, RFC 3339: when it was looked at. */
  readonly takenAt?: string;
  readonly profile: ProfileName;
  /** What the profile was found from. */
  readonly profileEvidence: readonly string[];
  readonly versions?: readonly Version[];
}

export interface ReportCluster {
  readonly verdict: Verdict;
  readonly server: string;
  readonly kubeconfig: { readonly owner: string; readonly path: string };
  /** Who the API server says one is. */
  readonly user?: string;
}

/** One judgement of one or many nodes: what every format prints. */
export interface Report {
  readonly tool: { readonly name: 'hayward'; readonly version: string };
  /** RFC 3339. */
  readonly takenAt: string;
  readonly durationMs: number;
  readonly targets: readonly ReportTarget[];
  readonly findings: readonly Finding[];
  /** Of a cluster: whether it is ready, and how that was asked. */
  readonly cluster?: ReportCluster;
  /** The problems the user restricted the judgement to, when it was restricted. */
  readonly only?: readonly string[];
}

/** How to print; whether colour is wanted is the caller's to know (a terminal, and no NO_COLOR). */
export interface RenderOptions {
  readonly lang: Lang;
  readonly color: boolean;
  /** Columns of a text report; only commands meant to be copied may be wider. */
  readonly width: number;
  readonly verbose: boolean;
  readonly quiet: boolean;
}
