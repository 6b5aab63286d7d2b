import { shellWord } from '../hosts/shell-text.ts';
import type { Evidence, Finding } from '../judging/finding.ts';
import type { Bilingual, Lang } from '../lang.ts';
import { CAUSES, causeOf, type Judged } from './cause.ts';
import { isAnswered, isLost, KINDS, type Kind, type Probed } from './matrix.ts';
import { nodesOf, type Place } from './places.ts';
import { ANY, type Claim, standsOut } from './stands-out.ts';
import { unknownFindings } from './unknowns.ts';
import { KIND_WORDS, onlyWords, titleOf } from './words.ts';

export interface Judging {
  /** The cluster's name: what all findings are of. */
  readonly target: string;
  readonly judged: Judged;
  readonly lang: Lang;
}

export function problemOf(kind: Kind): string {
  return `dataplane-${kind}`;
}

/**
 * What was asked, as findings of `dataplane-pod`, `-service`, `-nodeport` and `-dns`: what stands out and what follows from it, what is
 * not known, and each kind of which nothing was lost.
 */
export function dataplaneFindings(all: readonly Probed[], judging: Judging): readonly Finding[] {
  const claims = standsOut(all);
  const problems = claims.flatMap((claim) => claimFindings(claim, judging));
  const cured = [...judging.judged.keys()]
    .filter((node) => hasForwarded(node, all, claims))
    .flatMap((node) => curedFinding(node, judging));
  const unknowns = unknownFindings(all, judging);
  const fine = KINDS.filter((kind) => all.some((one) => one.kind === kind && one.outcome.kind === 'answered'))
    .filter((kind) => !all.some((one) => one.kind === kind && isLost(one)))
    .map((kind) => plainFinding(kind, judging));
  return [...problems, ...cured, ...unknowns, ...fine];
}

function plainFinding(kind: Kind, { target, lang }: Judging): Finding {
  return {
    problem: problemOf(kind),
    target,
    subject: '',
    status: 'ok',
    severity: 'info',
    title: KIND_WORDS[kind][lang],
    cause: '',
    impact: '',
    evidence: [],
    prove: '',
    remedies: [],
    docs: `docs/problems/${problemOf(kind)}.md`,
  };
}

/** Whether Pods of the node and of others were seen to reach each other, and nothing that was lost is told of it already. */
function hasForwarded(node: string, all: readonly Probed[], claims: readonly Claim[]): boolean {
  const isTold = claims.some(({ layer, place }) => {
    const named = nodesOf(place);
    return named.includes(node) || (layer === 'pod' && named.length === 0);
  });
  const remote = all.filter(({ kind, from, to }) => kind === 'pod' && from !== to && [from, to].includes(node));
  return !isTold && remote.some(isAnswered) && !remote.some(isLost);
}

/**
 * The nodes as they were judged, and those of which it was not known by what a Pod on the node's own network saw before others were added: of
 * forwarding that is as sure as `doctor`'s word.
 */
export function withForwarding(judged: Judged, forwarding: ReadonlyMap<string, string>, lang: Lang): Judged {
  const all = new Map(judged);
  for (const [node, value] of forwarding) {
    const own = all.get(node) ?? [];
    if (value !== '0' || own.some(isForwardingKnown)) continue;
    const title = { en: 'This host does not forward IPv4 packets', 'zh-CN': '本机不转发 IPv4 报文' };
    const evidence = [{ source: '/proc/sys/net/ipv4/ip_forward', value, wanted: '1' }];
    const finding = { ...plainFinding('pod', { target: node, judged, lang }), title: title[lang], evidence };
    const others = own.filter(({ problem }) => problem !== 'ip-forward');
    all.set(node, [...others, { ...finding, problem: 'ip-forward', status: 'problem', severity: 'critical' }]);
  }
  return all;
}

function isForwardingKnown({ problem, status }: Finding): boolean {
  return problem === 'ip-forward' && status !== 'unknown';
}

/**
 * A node that was seen not to forward before its Pods were started, and does now: plugins that route for Pods switch it on whenever
 * they add one (containernetworking/plugins plugins/main/bridge, projectcalico/calico cni-plugin), until something sets it back.
 */
function curedFinding(node: string, judging: Judging): readonly Finding[] {
  const { lang, judged } = judging;
  const found = (judged.get(node) ?? []).find((one) => one.problem === 'ip-forward' && one.status === 'problem');
  if (!found) return [];
  const title = {
    en: `${node} did not forward before the run; adding its Pods may have switched it on`,
    'zh-CN': `运行之前 ${node} 未开启转发；添加 Pod 可能已将其打开`,
  };
  const cause = causeOf({ layer: 'pod', place: { where: 'node', node }, only: ANY, lost: [] }, judged, lang);
  const own = plainFinding('pod', judging);
  const seen = {
    cause: cause.text,
    evidence: cause.evidence,
    impact: IMPACT.pod[lang],
    prove: proveOf({ where: 'node', node }),
  };
  return [{ ...own, ...seen, subject: node, status: 'problem', severity: 'warning', title: title[lang] }];
}

/** Of the layer that is at fault, and of those above it that are lost with it. */
function claimFindings(claim: Claim, judging: Judging): readonly Finding[] {
  const { lang, judged } = judging;
  const { layer, place } = claim;
  const cause = causeOf(claim, judged, lang);
  const subject = subjectOf(claim, lang);
  const lostOf = (kind: Kind): readonly Probed[] => claim.lost.filter((one) => one.kind === kind);
  const own: Finding = {
    ...plainFinding(layer, judging),
    subject,
    status: 'problem',
    severity: place.where === 'scattered' ? 'warning' : 'critical',
    title: titleOf(claim)[lang],
    cause: cause.text,
    impact: IMPACT[layer][lang],
    evidence: [...cause.evidence, ...evidenceOf(lostOf(layer))],
    prove: proveOf(place),
  };
  const above = KINDS.filter((kind) => kind !== layer && lostOf(kind).length > 0);
  return [own, ...above.map((kind) => followingFinding(kind, lostOf(kind), { own, claim, judging }))];
}

interface Following {
  readonly own: Finding;
  readonly claim: Claim;
  readonly judging: Judging;
}

function followingFinding(kind: Kind, lost: readonly Probed[], { own, claim, judging }: Following): Finding {
  const { lang } = judging;
  const words = KIND_WORDS[kind][lang];
  const [node] = nodesOf(claim.place);
  const isLocalOnly = kind === 'nodeport' && node !== undefined && lost.some(({ to, backend }) => to !== backend);
  const title = {
    en: isLocalOnly
      ? `A NodePort answers only where the way to its Pod does not cross ${nodesOf(claim.place).join(', ')}`
      : `${words} lost with it: ${lost.length}`,
    'zh-CN': isLocalOnly
      ? `只有到 Pod 的路径不经过 ${nodesOf(claim.place).join('、')} 时 NodePort 才应答`
      : `${words} 随之丢失：${lost.length}`,
  } satisfies Bilingual;
  return {
    ...own,
    problem: problemOf(kind),
    severity: 'info',
    title: title[lang],
    impact: IMPACT[kind][lang],
    evidence: evidenceOf(lost),
    docs: `docs/problems/${problemOf(kind)}.md`,
    consequenceOf: own.problem,
  };
}

/** `node-2`, `node-1 ↔ node-2`; with what alone is lost, so that two findings of one place differ. */
function subjectOf({ place, only }: Claim, lang: Lang): string {
  const restriction = onlyWords(only)[lang];
  return [placeText(place), restriction && `(${restriction})`].filter(Boolean).join(' ');
}

function placeText(place: Place): string {
  if (place.where === 'asking') return `${place.node} → ${place.server}`;
  if ('server' in place) return place.server;
  if ('from' in place) return `${place.from} ${place.where === 'between' ? '↔' : '→'} ${place.to}`;
  return nodesOf(place).join(', ');
}

const SHOWN = 4;

/** The first few that were lost, and how many there were. */
function evidenceOf(lost: readonly Probed[]): readonly Evidence[] {
  const shown = lost.filter(isLost).slice(0, SHOWN);
  return [
    ...shown.map((one) => ({ source: wayText(one), value: one.outcome.error, wanted: 'an answer' })),
    ...(lost.length > SHOWN ? [{ source: 'lost in all', value: String(lost.length), wanted: '0' }] : []),
  ];
}

/** `nodeport node-1 → node-2 (Pod on node-3), tcp small`. */
function wayText({ kind, from, to, backend, protocol, size }: Probed): string {
  const pod = kind === 'nodeport' && backend !== undefined ? ` (Pod on ${backend})` : '';
  return `${kind} ${from} → ${to}${pod}, ${protocol} ${size}`;
}

/** The node itself tells more; between several the matrix does. */
function proveOf(place: Place): string {
  const nodes = nodesOf(place);
  if (nodes.length === 0) return 'hayward dataplane --verbose';
  return `hayward doctor ${nodes.map((node) => `--host ${shellWord(node)}`).join(' ')} --only ${CAUSES.join(',')}`;
}

const IMPACT: Readonly<Record<Kind, Bilingual>> = {
  pod: {
    en: 'Applications whose Pods are on both sides lose each other: databases their replicas, webhooks the API server.',
    'zh-CN': 'Pod 分布在两侧的应用会彼此失联：数据库与副本、webhook 与 API server。',
  },
  service: {
    en: 'What is called by its Service fails there, though its Pods run.',
    'zh-CN': '该处通过 Service 的调用失败，尽管 Pod 在运行。',
  },
  nodeport: {
    en: 'Clients from outside get an answer by one node and none by another; a load balancer in front fails now and then.',
    'zh-CN': '外部客户端经某个节点有应答、经另一个节点则没有；前置的负载均衡时好时坏。',
  },
  dns: {
    en: 'Pods there resolve no names, or only after seconds; nearly everything they do begins with one.',
    'zh-CN': '该处的 Pod 无法解析域名，或需数秒；几乎所有操作都从解析开始。',
  },
};
