import { hostname } from 'node:os';
import type { KubeConnection } from '../cluster/client/connection.ts';
import { startReporter } from '../fleet/reporter.ts';
import type { StartReporting } from '../guard/tell/report.ts';
import { type Reading, unknown } from '../hosts/reading.ts';
import { isNodeName } from './guard-options.ts';
import { kubeConnection } from './kube-connection.ts';
import { UsageError } from './usage.ts';

export interface ReportingOptions {
  readonly node: string;
  readonly kubeconfig: string | undefined;
}

/** As `hayward guard --report-to-cluster` reports: with the cluster looked for anew each time there is none. */
export function reporting({ node, kubeconfig }: ReportingOptions): StartReporting {
  return ({ judgement, record, signal }) =>
    startReporter({
      node,
      open: () => opened(kubeconfig),
      judgement: () => judgement(node),
      onChange: ({ server, trouble }) =>
        record(
          trouble
            ? { type: 'report-trouble', node, trouble: trouble.kind, why: trouble.detail }
            : { type: 'reporting', node, server },
        ),
      signal,
    });
}

/** A node's first boot is long before its kubeconfig. */
async function opened(kubeconfig: string | undefined): Promise<Reading<KubeConnection>> {
  try {
    return { known: true, value: await kubeConnection(kubeconfig, true), source: kubeconfig ?? '' };
  } catch (error) {
    if (error instanceof UsageError) return unknown('absent', kubeconfig ?? '', error.message);
    throw error;
  }
}

/** What the Node of this machine is called: `--node`, NODE_NAME as a Pod is told it, else as the kubelet takes it. Throws UsageError. */
export function nodeName(given: string | undefined, environment: Readonly<Record<string, string | undefined>>): string {
  // The kubelet takes the host's name in lower case (kubernetes pkg/util/node, GetHostname).
  const node = given ?? (environment['NODE_NAME'] || hostname().trim().toLowerCase());
  if (!isNodeName(node)) throw new UsageError(`--node ${node}: not a Node's name`);
  return node;
}
