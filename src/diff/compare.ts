import type { Examination } from '../examine.ts';
import type { Reading } from '../hosts/reading.ts';
import type { Finding, Severity } from '../judging/finding.ts';
import { MODULES_OF_INTEREST } from '../snapshot/modules.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { TOOLS_OF_INTEREST } from '../snapshot/tools.ts';
import { textDifferences } from './files.ts';
import { type Comparison, type Difference, KINDS, type Kind, type NotCompared } from './model.ts';
import { settingDifferences } from './settings.ts';

const WEIGHTS: readonly Severity[] = ['critical', 'warning', 'info'];

/** In what two nodes differ, as they were seen and as they were judged; what differs on any two nodes is left out. Pure. */
export function compare(a: Examination, b: Examination): Comparison {
  const found = [
    ...findingDifferences(a.findings, b.findings),
    ...settingDifferences(a, b),
    ...facts(a, b).flatMap((fact) => factDifference(fact)),
    ...textDifferences(a.snapshot.capture, b.snapshot.capture),
  ];
  const differences = found.filter((one): one is Difference => 'weight' in one);
  const notCompared = found.filter((one): one is NotCompared => 'detail' in one);
  const rank = ({ weight, kind }: Difference) => WEIGHTS.indexOf(weight) * KINDS.length + KINDS.indexOf(kind);
  return {
    a: a.snapshot.capture.target.name,
    b: b.snapshot.capture.target.name,
    differences: differences.sort((x, y) => rank(x) - rank(y) || (x.subject < y.subject ? -1 : 1)),
    notCompared: notCompared.sort((x, y) => KINDS.indexOf(x.kind) - KINDS.indexOf(y.kind)),
  };
}

/** A problem that one node has and the other has not. */
function findingDifferences(a: readonly Finding[], b: readonly Finding[]): (Difference | NotCompared)[] {
  const [ofA, ofB] = [problemsBy(a), problemsBy(b)];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].flatMap((key) => {
    const [one, other] = [ofA.get(key), ofB.get(key)];
    const problem = one ?? other;
    if (!problem || (one && other)) return [];
    const elsewhere = (one ? b : a).filter((finding) => finding.problem === problem.problem);
    const unseen = elsewhere.find(({ status }) => status === 'unknown');
    const rest = unseen ? `? ${unseen.cause}` : 'ok';
    const said = `✗ ${problem.title}`;
    return {
      kind: 'finding',
      weight: problem.severity,
      subject: problem.problem,
      a: one ? said : rest,
      b: one ? rest : said,
    };
  });
}

function problemsBy(findings: readonly Finding[]): Map<string, Finding> {
  const problems = findings.filter(({ status }) => status === 'problem');
  return new Map(problems.map((finding) => [`${finding.problem} ${finding.subject} ${finding.title}`, finding]));
}

interface Fact {
  readonly kind: Kind;
  readonly weight: Severity;
  readonly subject: string;
  readonly a: Reading<unknown>;
  readonly b: Reading<unknown>;
}

function facts(one: Examination, other: Examination): Fact[] {
  const [a, b] = [one.snapshot, other.snapshot];
  const fact = (kind: Kind, weight: Severity, subject: string, of: (node: Snapshot) => Reading<unknown>): Fact => ({
    kind,
    weight,
    subject,
    a: of(a),
    b: of(b),
  });
  const wanted = new Set([...one.profile.modules, ...other.profile.modules].map(({ name }) => name));
  return [
    fact('network', 'warning', 'kube-proxy mode', ({ kubernetes }) => kubernetes.proxyMode),
    fact('network', 'warning', 'kube-proxy strictARP', ({ kubernetes }) => kubernetes.strictArp),
    fact('network', 'warning', 'Service CIDRs', ({ kubernetes }) => kubernetes.serviceCidrs),
    fact('network', 'warning', 'iptables backend of Kubernetes', ({ netfilter }) => netfilter.kubernetesBackend),
    ...mtus(a, b),
    fact('version', 'warning', 'Kubernetes', ({ kubernetes }) => kubernetes.version),
    fact('version', 'warning', 'Harvester', ({ harvester }) => harvester.version),
    fact('version', 'warning', 'kernel', ({ os }) => os.kernel),
    fact('version', 'info', 'operating system', ({ os: { release } }) =>
      release.known ? { ...release, value: release.value.prettyName } : release,
    ),
    fact('version', 'info', 'virtualization', ({ os }) => os.virtualization),
    ...MODULES_OF_INTEREST.map((name) =>
      fact('module', wanted.has(name) ? 'warning' : 'info', name, ({ modules }) => modules.state(name)),
    ),
    ...TOOLS_OF_INTEREST.map((name) =>
      fact('program', 'info', name, ({ tools }) => {
        const path = tools.path(name);
        return path.known ? { ...path, value: path.value === null ? '-' : 'installed' } : path;
      }),
    ),
  ];
}

/** Devices of Pods come and go; those of the host that both nodes have are set up to be alike. */
const OF_PODS = /^(?:cali|veth|lxc|tap|tunl|nodelocaldns)/;

function mtus(a: Snapshot, b: Snapshot): Fact[] {
  if (!a.links.known || !b.links.known) return [];
  const [ofA, ofB] = [a.links, b.links];
  const names = ofA.value
    .map(({ name }) => name)
    .filter((name) => !OF_PODS.test(name) && ofB.value.some((link) => link.name === name));
  const mtu = (of: typeof ofA, name: string) => ({ ...of, value: of.value.find((link) => link.name === name)?.mtu });
  return names.map((name) => ({
    kind: 'network',
    weight: 'warning',
    subject: `MTU of ${name}`,
    a: mtu(ofA, name),
    b: mtu(ofB, name),
  }));
}

/** Absent is as good as a value: one node has it and the other has not. Of neither there is nothing to say. */
function factDifference({ kind, weight, subject, a, b }: Fact): (Difference | NotCompared)[] {
  const unseen = [a, b].find((reading) => !reading.known && reading.reason !== 'absent');
  if (unseen && !unseen.known) return a.known || b.known ? [{ kind, subject, detail: unseen.detail }] : [];
  const [one, other] = [shown(a), shown(b)];
  return one === other ? [] : [{ kind, weight, subject, a: one, b: other }];
}

function shown(reading: Reading<unknown>): string {
  if (!reading.known) return '-';
  return Array.isArray(reading.value) ? reading.value.join(', ') : String(reading.value);
}
