import { type KubernetesMinor, kubePrograms, nodePrograms } from './programs.ts';

const MINORS: readonly KubernetesMinor[] = ['1.33', '1.34'];

/** vitest's global set-up: builds what the tests start, once, before any of them runs and its time counts. */
export default async function build(): Promise<void> {
  // One after the other: a compiler uses all cores by itself, and two took twice the memory.
  for (const minor of MINORS) await kubePrograms(minor);
  await nodePrograms();
}
