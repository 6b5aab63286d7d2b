import type { KubeConnection } from '../cluster/client/connection.ts';
import { list } from '../cluster/client/list.ts';
import { identityOf } from '../cluster/object-fields.ts';
import { mapReading } from '../hosts/reading.ts';
import { exitStatus } from '../report/exit-status.ts';
import { render } from '../report/render.ts';
import type { Report } from '../report/report.ts';
import { VERSION } from '../version.ts';
import { attachmentOf } from '../vm-networks/cluster/attachment.ts';
import { ATTACHMENTS, NODE_PROBES, VM_NETWORKS, type VmNetworkReport } from '../vm-networks/cluster/model.ts';
import { nodeProbeOf, vmNetworkReportOf } from '../vm-networks/cluster/objects.ts';
import { LIST_PROBLEMS, listFindings } from '../vm-networks/list/list-findings.ts';
import { listText } from '../vm-networks/list/list-text.ts';
import {
  type ListedNetwork,
  listAgents,
  listNetworks,
  type NetworkObjects,
} from '../vm-networks/list/listed-network.ts';
import { jsonText } from './change-text.ts';
import { type CommonOptions, commonOptions } from './common-options.ts';
import { openedCluster } from './kube-connection.ts';
import type { RawListOptions } from './networks-list.ts';
import { progressLine } from './progress.ts';
import { printReport, refuseReportThatIsThere } from './report-option.ts';
import { UsageError, unknownWord } from './usage.ts';

/** `hayward networks list`: reads what the cluster has of its VM networks, and prints it. Throws UsageError without Multus. */
export async function listFlow(raw: RawListOptions): Promise<void> {
  const { only: named, ...common } = raw;
  const options = await commonOptions(common);
  await refuseReportThatIsThere(raw);
  const only = named?.split(',').map(listProblem);
  const { client, context } = await openedCluster(raw.kubeconfig, options.quiet);
  const started = new Date();
  const progress = progressLine(!options.quiet);
  progress.update(`asking ${client.server} …`);
  const objects = await networkObjects(client).finally(() => {
    progress.end();
    client.close();
  });
  const networks = listNetworks(objects);
  const all = listFindings(objects, context, options.lang);
  const findings = only ? all.filter(({ problem }) => only.includes(problem)) : all;
  const report: Report = {
    tool: { name: 'hayward', version: VERSION },
    takenAt: started.toISOString(),
    durationMs: Date.now() - started.getTime(),
    targets: [
      {
        name: context,
        via: 'kubernetes',
        profile: networks.length > 0 ? 'harvester' : 'generic',
        profileEvidence: networks.slice(0, 1).map(({ attachment }) => `VM network ${attachment.key}`),
      },
    ],
    findings,
    ...(only && { only }),
  };
  await printReport(report, () => printed(objects, networks, report, options), {
    ...raw,
    ...options,
    names: listAgents(objects).map(({ node }) => node),
  });
  process.exitCode = exitStatus(findings, options.failOn);
}

function listProblem(typed: string): string {
  const id = typed.trim();
  if (LIST_PROBLEMS.includes(id)) return id;
  throw unknownWord('problem', id, LIST_PROBLEMS);
}

function printed(
  objects: NetworkObjects,
  networks: readonly ListedNetwork[],
  report: Report,
  options: CommonOptions,
): string {
  const agents = listAgents(objects);
  const { findings } = report;
  if (options.format === 'text') {
    return listText({ networks, agents, reports: objects.reports, findings, now: new Date(report.takenAt) }, options);
  }
  if (options.format !== 'json') return render(report, options.format, options);
  const whole = JSON.parse(render(report, 'json', options)) as object;
  return jsonText({ ...whole, networks: networks.map(jsonNetwork), agents });
}

function jsonNetwork({ attachment, seenAt, agrees, ...rest }: ListedNetwork): object {
  const { namespace, name, network } = attachment;
  const vlan = network.read.ok ? network.read.config.vlan : null;
  const { type = null, clusterNetwork = null } = network;
  const { state, reason, message, source, cidr, gateway, nodes } = rest;
  const head = {
    namespace,
    name,
    type,
    clusterNetwork,
    vlan,
    state,
    reason,
    message,
    source,
    cidr,
    gateway,
    seenAt: seenAt ?? null,
  };
  return { ...head, harvesterAgrees: agrees?.status ?? 'Unknown', nodes };
}

async function networkObjects(client: KubeConnection): Promise<NetworkObjects> {
  const [attachments, reports, nodeProbes] = await Promise.all([
    list(client, ATTACHMENTS.path, attachmentOf),
    list(client, VM_NETWORKS.path, keyedReport),
    list(client, NODE_PROBES.path, nodeProbeOf),
  ]);
  if (!attachments.known && attachments.reason === 'absent') {
    throw new UsageError('networks list: this cluster has no NetworkAttachmentDefinitions (Multus)');
  }
  return {
    attachments: mapReading(attachments, present),
    reports: mapReading(reports, (all) => new Map(present(all))),
    nodeProbes: mapReading(nodeProbes, present),
  };
}

function keyedReport(object: Readonly<Record<string, unknown>>): readonly [string, VmNetworkReport] | undefined {
  const report = vmNetworkReportOf(object);
  const identity = identityOf(object);
  return report && identity ? [`${identity.namespace}/${identity.name}`, report] : undefined;
}

function present<T>(all: readonly (T | undefined)[]): T[] {
  return all.filter((one) => one !== undefined);
}
