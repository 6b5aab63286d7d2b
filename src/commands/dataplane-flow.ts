import type { KubeConnection } from '../cluster/client/connection.ts';
import { dataplaneFindings, withForwarding } from '../dataplane/findings.ts';
import { bringUp, NotMade, standingNow } from '../dataplane/kubernetes/bring-up.ts';
import { execRunner } from '../dataplane/kubernetes/exec-runner.ts';
import { type ChosenImage, dialectOf, imageOnAll } from '../dataplane/kubernetes/image.ts';
import { type ClusterNode, clusterDns, clusterNodes, type Dns } from '../dataplane/kubernetes/nodes.ts';
import { ECHO_PORT, type Run } from '../dataplane/kubernetes/objects.ts';
import { takeDown } from '../dataplane/kubernetes/take-down.ts';
import type { Told } from '../dataplane/metrics.ts';
import { askAll, PAUSES_MS } from '../dataplane/runner.ts';
import type { Host } from '../hosts/host.ts';
import type { Reading, Unknown } from '../hosts/reading.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Finding } from '../judging/finding.ts';
import { exitStatus } from '../report/exit-status.ts';
import { type CommonOptions, commonOptions } from './common-options.ts';
import type { RawDataplaneOptions } from './dataplane.ts';
import { judgedNodes, namedHosts } from './dataplane-hosts.ts';
import { type Result, refused, resultText } from './dataplane-output.ts';
import { ASKED_AT_ONCE, leftBehind, NODES_AT_ONCE, newRun, takenDownLater } from './dataplane-run.ts';
import { watchDataplane } from './dataplane-watch.ts';
import { catchInterruption } from './interruption.ts';
import { openedCluster } from './kube-connection.ts';
import { type Progress, progressLine } from './progress.ts';
import { nearest, UsageError } from './usage.ts';

/** Node ports are few (2768 unless told otherwise), and rows and columns too many to be of use. */
const MOST_NODES = 100;

/** `hayward dataplane`: makes what asks and answers, asks, judges, prints, and takes down what it made. */
export async function dataplaneFlow(raw: RawDataplaneOptions): Promise<void> {
  const { only: named, ...common } = raw;
  const options = await commonOptions(common);
  const only = named?.split(',').map(ownProblem);
  if (raw.watch === undefined && raw.listen !== undefined) throw new UsageError('--listen needs --watch');
  if (raw.watch !== undefined && options.format !== 'text') throw new UsageError('dataplane --watch prints text');
  const hosts = await namedHosts(raw);
  const cluster = await openedCluster(raw.kubeconfig, options.quiet);
  const interruption = catchInterruption(() => undefined);
  const progress = progressLine(!options.quiet, 0);
  try {
    const given: Given = {
      raw,
      options,
      hosts,
      ...cluster,
      progress,
      signal: interruption.signal,
      ...(only && { only }),
    };
    const findings = await dataplane(given);
    process.exitCode = exitStatus(findings, options.failOn);
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.stderr.write('hayward: interrupted; what was made is taken down\n');
    process.exitCode = 3;
  } finally {
    progress.end();
    interruption.restore();
    cluster.client.close();
  }
}

/** All that a run is given. */
export interface Given {
  readonly raw: RawDataplaneOptions;
  readonly options: CommonOptions;
  /** To look at, for the causes. */
  readonly hosts: readonly Host[];
  readonly client: KubeConnection;
  readonly context: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly only?: readonly string[];
}

const OWN = ['dataplane-pod', 'dataplane-service', 'dataplane-nodeport', 'dataplane-dns'] as const;

function ownProblem(typed: string): string {
  const id = typed.trim();
  const found = OWN.find((one) => one === id);
  if (found !== undefined) return found;
  throw new UsageError(`dataplane has no problem '${id}'`, nearest(id, OWN));
}

async function dataplane(given: Given): Promise<readonly Finding[]> {
  const { client, raw, options, context, progress, signal } = given;
  progress.update(`asking ${client.server} …`);
  const nodes = await clusterNodes(client, signal);
  signal.throwIfAborted();
  if (!nodes.known) return told(given, [refused(nodes, context, options.lang)]);
  const chosen = chosenNodes(nodes.value, raw.node);
  const image = chosenImage(chosen, raw.image);
  const { run, expires } = newRun(chosen, image, raw);
  if (!options.quiet) process.stderr.write(`hayward: ${notice(image, run, options)}\n`);
  await leftBehind(client, options.quiet);
  const keeper = takenDownLater(run.namespace, raw.kubeconfig);
  try {
    return await ranOn({ given, run, expires, nodes: chosen, image });
  } catch (error) {
    if (!(error instanceof NotMade)) throw error;
    return told(given, [refused(asUnknown(error), context, options.lang)]);
  } finally {
    // Not by the signal that may have ended the run: this has to be done all the same.
    const left = await takeDown(client, run.namespace);
    // Of what was sent when it was interrupted more may come: the keeper looks again.
    if (left === undefined && !given.signal.aborted) keeper.release();
    if (left !== undefined)
      process.stderr.write(`hayward: ${harmless(`${run.namespace} is not taken down yet: ${left}`)}\n`);
  }
}

function asUnknown({ reason, message }: NotMade): Unknown {
  return { known: false, reason: reason === 'denied' ? 'denied' : 'failed', detail: message, source: 'kubectl create' };
}

interface Running {
  readonly given: Given;
  readonly run: Run;
  readonly expires: Date;
  readonly nodes: readonly ClusterNode[];
  readonly image: ChosenImage;
}

async function ranOn({ given, run, expires, nodes, image }: Running): Promise<readonly Finding[]> {
  const { raw, options, client, context, progress, signal } = given;
  // Before Pods are added: that alone may switch forwarding on.
  progress.update('looking at nodes …');
  const looked = await judgedNodes(
    given.hosts,
    options,
    nodes.map(({ name }) => name),
  );
  const up = {
    client,
    run,
    nodes,
    expires,
    signal,
    patienceMs: raw.start,
    onProgress: (running: number, wanted: number) => progress.update(`Pods: ${running} of ${wanted} run …`),
  };
  let standing = await bringUp(up);
  const judged = withForwarding(looked, standing.forwarding, options.lang);
  let rounds = 0;
  async function round(): Promise<Told> {
    const began = performance.now();
    // Of each round anew: in a watch nodes are rebooted, and DNS gets other Pods.
    if (rounds++ > 0) standing = await standingNow(up, standing);
    const runner = execRunner(client, run, standing, signal);
    const dns = await clusterDns(client);
    const { since, silent } = standing;
    const ground = { nodes: standing.nodes, servers: dns.known ? dns.value.servers : [], echoPort: ECHO_PORT };
    const probed = await askAll(runner, ground, silent, {
      pace: { timeoutMs: raw.timeout, atOnce: ASKED_AT_ONCE },
      nodesAtOnce: NODES_AT_ONCE,
      pausesMs: PAUSES_MS,
      age: () => performance.now() - since,
      onProgress: (done, all) => progress.update(`asked from ${done} of ${all} nodes …`),
      signal,
    });
    const findings = [
      ...dataplaneFindings(probed, { target: context, judged, lang: options.lang }),
      ...withoutDns(dns, given),
    ];
    const asked = given.only ? findings.filter(({ problem }) => given.only?.includes(problem)) : findings;
    return { probed, findings: asked, at: new Date(), durationMs: performance.now() - began };
  }
  if (raw.watch !== undefined) return watchDataplane(given, run, round);
  const result = await round();
  progress.end();
  process.stdout.write(resultText({ ...given, ...result, image: image.image, dialect: run.dialect.name }));
  return result.findings;
}

/** DNS that cannot be found is not asked, and that is said; so of its Pods. */
function withoutDns(dns: Reading<Dns>, { context, options }: Given): readonly Finding[] {
  const why = unaskedDns(dns);
  if (why === undefined) return [];
  return [
    {
      ...refused(why, context, options.lang),
      problem: 'dataplane-dns',
      severity: 'info',
      docs: 'docs/problems/dataplane-dns.md',
    },
  ];
}

function unaskedDns(dns: Reading<Dns>): Unknown | undefined {
  if (!dns.known) return dns;
  const { servers, hidden } = dns.value;
  if (servers.length > 0 || hidden) return hidden;
  return { known: false, reason: 'absent', detail: 'no Service k8s-app=kube-dns in kube-system', source: dns.source };
}

function told(given: Given, findings: readonly Finding[]): readonly Finding[] {
  const result: Result = { ...given, probed: [], findings, at: new Date(), durationMs: 0, image: '', dialect: '' };
  given.progress.end();
  process.stdout.write(resultText(result));
  return findings;
}

function chosenNodes(nodes: readonly ClusterNode[], names: readonly string[] | undefined): readonly ClusterNode[] {
  const all = nodes.map(({ name }) => name);
  const missing = names?.find((name) => !all.includes(name));
  if (missing !== undefined) throw new UsageError(`--node ${missing}: there is no such node`, nearest(missing, all));
  const chosen = names === undefined ? nodes : nodes.filter(({ name }) => names.includes(name));
  if (chosen.length === 0) throw new UsageError('dataplane: this cluster has no node that runs Linux');
  if (chosen.length > MOST_NODES) {
    throw new UsageError(`dataplane: ${chosen.length} nodes are more than ${MOST_NODES}; name some by --node`);
  }
  return chosen;
}

function chosenImage(nodes: readonly ClusterNode[], asked: string | undefined): ChosenImage {
  if (asked !== undefined) return { image: asked, dialect: dialectOf(asked), why: 'asked' };
  const ready = nodes.filter((node) => node.ready);
  const found = imageOnAll((ready.length > 0 ? ready : nodes).map(({ images }) => images));
  if (found) return found;
  throw new UsageError(
    'dataplane: the nodes have no image in common that can do it; name one by --image: hayward’s own (all is asked), or one with a shell and busybox (TCP and DNS alone)',
  );
}

function notice({ image, dialect, why }: ChosenImage, { namespace }: Run, { lang }: CommonOptions): string {
  const isShell = dialect.name === 'shell';
  const text = {
    en: `runs ${image} (${why === 'asked' ? 'as asked' : 'every node has it'}${isShell ? '; by its shell: TCP and DNS in small packets, no UDP' : ''}) in namespace ${namespace}`,
    'zh-CN': `在命名空间 ${namespace} 中运行 ${image}（${why === 'asked' ? '按指定' : '每个节点都已有'}${isShell ? '；通过其 shell：仅以小包探测 TCP 与 DNS，无 UDP' : ''}）`,
  };
  return harmless(text[lang]);
}
