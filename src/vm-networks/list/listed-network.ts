import type { Reading } from '../../hosts/reading.ts';
import type { NetworkState } from '../../probes/vm-network/outcome.ts';
import type { Attachment } from '../cluster/attachment.ts';
import type { AgentStatus, Condition, NetworkKey, NodeProbe, NodeReport, VmNetworkReport } from '../cluster/model.ts';

/** What the API server has of VM networks. The last two are absent where hayward's kinds are not there. */
export interface NetworkObjects {
  readonly attachments: Reading<readonly Attachment[]>;
  readonly reports: Reading<ReadonlyMap<NetworkKey, VmNetworkReport>>;
  readonly nodeProbes: Reading<readonly NodeProbe[]>;
}

/** One VM network as it is listed. */
export interface ListedNetwork {
  readonly attachment: Attachment;
  readonly state: NetworkState;
  /** A condition's reason: `Connected`, `DhcpSilent`; or what the annotation says, where nothing else is known. */
  readonly reason: string;
  readonly message: string;
  /** Who says so: the controller's report; else the annotation alone, which Harvester wrote or nobody keeps. */
  readonly source: 'report' | 'annotation';
  readonly cidr: string;
  readonly gateway: string;
  readonly nodes: readonly ListedNode[];
  /** Whether what Harvester shows is true; undefined without a report. */
  readonly agrees: Condition | undefined;
  /** When a node answered last, RFC 3339; undefined where none did. */
  readonly seenAt: string | undefined;
}

export interface ListedNode extends NodeReport {
  /** It says something else than most nodes do. */
  readonly differs: boolean;
  /** Of its agent's last answer, RFC 3339. */
  readonly seenAt: string | undefined;
}

const STATES: Readonly<Record<Condition['status'], NetworkState>> = {
  True: 'active',
  False: 'inactive',
  Unknown: 'unknown',
};

/** Puts together what is known of each network, by namespace and name. */
export function listNetworks({ attachments, reports, nodeProbes }: NetworkObjects): readonly ListedNetwork[] {
  const probes = nodeProbes.known ? nodeProbes.value : [];
  return [...(attachments.known ? attachments.value : [])]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((attachment) => {
      const report = reports.known ? reports.value.get(attachment.key) : undefined;
      const connected = report?.conditions.find(({ type }) => type === 'Connected');
      return report && connected ? fromReport(attachment, report, connected, probes) : fromAnnotation(attachment);
    });
}

function fromReport(
  attachment: Attachment,
  report: VmNetworkReport,
  { status, reason, message }: Condition,
  probes: readonly NodeProbe[],
): ListedNetwork {
  const nodes = nodesOf(report.nodes, attachment.key, probes);
  const { cidr, gateway } = report;
  return {
    attachment,
    state: STATES[status],
    reason,
    message,
    source: 'report',
    cidr,
    gateway,
    nodes,
    agrees: report.conditions.find(({ type }) => type === 'HarvesterAgrees'),
    seenAt: nodes.reduce<string | undefined>((last, { seenAt }) => later(last, seenAt), undefined),
  };
}

function nodesOf(reports: readonly NodeReport[], key: NetworkKey, probes: readonly NodeProbe[]): readonly ListedNode[] {
  const sayings = new Map<string, number>();
  const saying = ({ state, reason }: NodeReport): string => `${state} ${reason}`;
  for (const node of reports) sayings.set(saying(node), (sayings.get(saying(node)) ?? 0) + 1);
  const most = Math.max(0, ...sayings.values());
  // Where no saying is more frequent, those that are connected are the rule.
  const rule = reports.find((node) => sayings.get(saying(node)) === most && node.state === 'active');
  const common = rule ?? reports.find((node) => sayings.get(saying(node)) === most);
  return reports.map((node) => ({
    ...node,
    differs: common !== undefined && saying(node) !== saying(common),
    seenAt: probes.find((one) => one.node === node.name)?.results[key]?.at ?? node.at,
  }));
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Date.parse(a) >= Date.parse(b) ? a : b;
}

function fromAnnotation(attachment: Attachment): ListedNetwork {
  const { route } = attachment;
  const read = route.kind === 'read' ? route.route : undefined;
  const claims = { true: 'active', false: 'inactive', 'DHCP failed': 'inactive' } as const;
  const claim = read?.connectivity ?? '';
  const state = Object.hasOwn(claims, claim) ? claims[claim as keyof typeof claims] : 'unknown';
  return {
    attachment,
    state,
    reason: claim,
    message: '',
    source: 'annotation',
    cidr: read?.cidr ?? '',
    gateway: read?.gateway ?? '',
    nodes: [],
    agrees: undefined,
    seenAt: undefined,
  };
}

/** An agent, and whether it was heard lately: it says that it is there each minute. */
export interface ListedAgent extends Partial<AgentStatus> {
  readonly node: string;
}

export function listAgents({ nodeProbes }: NetworkObjects): readonly ListedAgent[] {
  return nodeProbes.known ? nodeProbes.value.map(({ node, agent }) => ({ node, ...agent })) : [];
}
