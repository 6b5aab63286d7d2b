import type { KubeConnection } from '../../cluster/client/connection.ts';
import { known, unknown } from '../../hosts/reading.ts';
import { firstLine } from '../../hosts/sanitise.ts';
import type { Runner } from '../runner.ts';
import type { Standing } from './bring-up.ts';
import type { Run } from './objects.ts';

/**
 * Speaks with the agents by exec, which goes from the API server to the kubelet over the nodes' own network: it works where the Pods'
 * network does not.
 */
export function execRunner(
  client: KubeConnection,
  { namespace, dialect }: Run,
  { agents, silent }: Standing,
  signal: AbortSignal,
): Runner {
  return {
    async ask(node, stdin, limitMs) {
      const pod = agents.get(node);
      if (pod === undefined) return unknown('failed', node, silent.get(node) ?? 'no agent');
      const asked = { namespace, pod, container: 'agent', command: dialect.ask, stdin, timeoutMs: limitMs, signal };
      const ran = await client.exec(asked);
      if (!ran.known) return ran;
      const { stdout, stderr, exitCode, trouble } = ran.value;
      // What was answered before it was cut off is true all the same.
      if (exitCode === 0 || /^(answered|lost|unknown) /m.test(stdout)) return known(stdout, ran.source);
      return unknown('failed', ran.source, firstLine([trouble, stderr.trim()].filter(Boolean).join(': ')));
    },
  };
}
