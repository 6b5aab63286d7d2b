import type { Lang } from '../lang.ts';
import { boundedProber } from '../probes/vm-network/many.ts';
import { runAgent } from '../vm-networks/agent/agent.ts';
import { agentLine } from '../vm-networks/agent/events.ts';
import { catchInterruption } from './interruption.ts';
import { kubeConnection } from './kube-connection.ts';

export interface AgentFlowOptions {
  readonly node: string;
  readonly kubeconfig: string | undefined;
  readonly lang: Lang;
}

/** `hayward networks agent`: runs until a signal; its log goes to standard error. */
export async function agentFlow({ node, kubeconfig, lang }: AgentFlowOptions): Promise<void> {
  const client = await kubeConnection(kubeconfig);
  const interruption = catchInterruption(() => undefined);
  const json = process.stderr.isTTY !== true;
  try {
    await runAgent({
      client,
      node,
      probe: boundedProber(),
      tell: (event) => process.stderr.write(agentLine(event, new Date(), { lang, json })),
      signal: interruption.signal,
    });
  } finally {
    interruption.restore();
    client.close();
  }
}
