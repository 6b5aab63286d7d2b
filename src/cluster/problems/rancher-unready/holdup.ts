import type { Part, WaitingPod } from '../../model/parts.ts';

/** What holds a rollout up, and how long one waits for it. */
export interface Holdup {
  readonly reason: string;
  readonly pod: string;
  readonly node: string;
  readonly message: string;
  readonly since: string;
  readonly deadlineSeconds: number;
}

/** Chosen, not measured: images are pulled, or unpacked on slow disks; to start takes less. */
const PULL_SECONDS = 1200;
const START_SECONDS = 600;

/** Of its waiting Pods the one that has waited longest. */
export function holdupOf({ waiting }: Pick<Part, 'waiting'>): Holdup | undefined {
  const [first] = [...waiting].sort((a, b) => a.since.localeCompare(b.since));
  return first && { ...held(first), deadlineSeconds: deadlineOf(first) };
}

function held({ name, node, reason, message, since }: WaitingPod) {
  return { pod: name, node, reason, message, since };
}

function deadlineOf({ reason }: WaitingPod): number {
  return /ImagePull|ContainerCreating|PodInitializing/.test(reason) ? PULL_SECONDS : START_SECONDS;
}
