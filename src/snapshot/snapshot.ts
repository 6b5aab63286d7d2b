import type { Ask } from '../hosts/ask.ts';
import { type Capture, type CaptureView, viewOf } from '../hosts/capture.ts';
import { addresses } from './addresses.ts';
import { cni } from './cni.ts';
import { counters } from './counters.ts';
import { harvester } from './harvester.ts';
import { ipvs } from './ipvs.ts';
import { kubernetes } from './kubernetes.ts';
import { leases } from './leases.ts';
import { links } from './links.ts';
import { moduleFiles } from './module-files.ts';
import { modules } from './modules.ts';
import { neighbours } from './neighbours.ts';
import { ipsets } from './netfilter/ipsets.ts';
import { netfilter } from './netfilter/netfilter.ts';
import { os } from './os.ts';
import { podNetwork } from './pod-network.ts';
import { routes } from './routes.ts';
import { rules } from './rules.ts';
import type { Subject } from './subject.ts';
import { sysctl } from './sysctl.ts';
import { sysctlFiles } from './sysctl-files.ts';
import { timeSync } from './time-sync.ts';
import { tools } from './tools.ts';
import { udevRules } from './udev-rules.ts';
import { units } from './units.ts';

/** Every subject of a node, by the name a problem declares in its `needs`. */
export const SUBJECTS = {
  // First, so that its commands, the dearest by far, run while everything else is read.
  netfilter,
  addresses,
  cni,
  counters,
  harvester,
  ipsets,
  ipvs,
  kubernetes,
  leases,
  links,
  moduleFiles,
  modules,
  neighbours,
  os,
  podNetwork,
  routes,
  rules,
  sysctl,
  sysctlFiles,
  timeSync,
  tools,
  udevRules,
  units,
};

export type SubjectName = keyof typeof SUBJECTS;
type Parsed<S> = S extends Subject<infer T> ? T : never;
type Parts = { readonly [K in SubjectName]: Parsed<(typeof SUBJECTS)[K]> };

/** A node as it was at one moment: typed readings, each parsed when first looked at. */
export interface Snapshot extends Parts {
  readonly capture: Capture;
}

/** What to ask of a host for these subjects, each ask once. */
export function asksFor(names: readonly SubjectName[]): Ask[] {
  const byKey = new Map<string, Ask>();
  for (const name of names) for (const ask of SUBJECTS[name].asks) byKey.set(JSON.stringify(ask), ask);
  return [...byKey.values()];
}

/** A snapshot of what a host answered; each subject is parsed when it is first looked at. Pure. */
export function snapshotOf(capture: Capture): Snapshot {
  const view = viewOf(capture);
  const snapshot = { capture } as { capture: Capture };
  for (const [name, subject] of Object.entries(SUBJECTS)) defineLazily(snapshot, name, subject, view);
  return snapshot as Snapshot;
}

function defineLazily(target: object, name: string, subject: Subject<unknown>, view: CaptureView): void {
  Object.defineProperty(target, name, {
    configurable: true,
    enumerable: true,
    get() {
      const value = subject.parse(view);
      Object.defineProperty(target, name, { value, enumerable: true });
      return value;
    },
  });
}
