import type { Reading } from '../hosts/reading.ts';
import type { Finding } from '../judging/finding.ts';
import type { Lang } from '../lang.ts';
import { KUBEADM_HARD, KUBEADM_TOOLS } from './kubeadm.ts';
import { KUBEKEY_COLUMNS, KUBEKEY_HARD } from './kubekey.ts';
import type { Candidate } from './preflight.ts';
import type { PreflightProfile } from './preflight-profile.ts';
import type { Tool } from './required-tools.ts';

/** A column of the table: `y`, a value, empty (not there), `no` (a problem), `?` (not known), `-` (does not apply). */
export interface Column {
  readonly heading: string;
  /** The installer refuses to go on without it. */
  readonly hard: boolean;
  cell(candidate: Candidate): string;
}

function column(heading: string, cell: Column['cell'], hard = false): Column {
  return { heading, hard, cell };
}

/** What a problem's findings come to, in a word. */
function judged(heading: string, problem: string): Column {
  return column(heading, ({ findings }) => wordFor(findings.filter((finding) => finding.problem === problem)));
}

function wordFor(findings: readonly Finding[]): string {
  if (findings.some(({ status, severity }) => status === 'problem' && severity !== 'info')) return 'no';
  if (findings.some(({ status, severity }) => status === 'unknown' && severity !== 'info')) return '?';
  if (findings.some(({ status }) => status === 'ok' || status === 'problem')) return 'y';
  return findings.some(({ status }) => status === 'unknown') ? '?' : '-';
}

function shown<T>(reading: Reading<T>, text: (value: T) => string): string {
  return reading.known ? text(reading.value) : '?';
}

/** KubeKey prints each host's clock so; it is the reader who compares. */
const TIME = column('time', ({ snapshot }) =>
  shown(snapshot.timeSync.clock, (clock) => `UTC ${/T(\d\d:\d\d:\d\d)/.exec(clock)?.[1] ?? clock}`),
);

function installed(heading: string, tool: Tool, hard: boolean): Column {
  return column(
    heading,
    ({ snapshot }) => shown(snapshot.tools.path(tool), (path) => (path === null ? '' : 'y')),
    hard,
  );
}

const KUBEKEY: readonly Column[] = [
  ...KUBEKEY_COLUMNS.map(({ heading, tool }) => installed(heading, tool, KUBEKEY_HARD.includes(tool))),
  TIME,
];

const KUBEADM: readonly Column[] = KUBEADM_TOOLS.map(({ tool }) => installed(tool, tool, KUBEADM_HARD.includes(tool)));

const HEADINGS = {
  en: {
    forwarding: 'forwarding',
    reversePath: 'reverse path',
    modules: 'modules',
    backends: 'backends',
    bridge: 'bridge filter',
    list: 'boot modules',
    swap: 'swap off',
    clock: 'clock',
    dropIn: 'drop-in',
    now: 'bridge-nf now',
    next: 'next boot',
    ports: 'ports',
  },
  'zh-CN': {
    forwarding: '转发',
    reversePath: '反向路径',
    modules: '内核模块',
    backends: 'iptables 后端',
    bridge: '桥接过滤',
    list: '启动时模块',
    swap: '未用交换空间',
    clock: '时钟',
    dropIn: 'drop-in',
    now: 'bridge-nf 当前',
    next: '下次启动',
    ports: '端口',
  },
} as const;

/** Of a management address that is to be. */
export function vipColumns(lang: Lang): readonly Column[] {
  return [judged('VIP', 'vip-conflict'), judged(HEADINGS[lang].ports, 'port-conflict')];
}

/** What RKE2 leaves after the next boot: its own 1, unless every unit puts 0 back. */
function nextBoot({ findings }: Candidate): string {
  const word = wordFor(findings.filter(({ problem }) => problem === 'bridge-netfilter'));
  return word === 'y' ? '0' : word === 'no' ? '1' : word;
}

/** The tables to show, one after the other: an installer's own checks, and what it does not look at. */
export function columnsOf(profile: PreflightProfile, lang: Lang): readonly (readonly Column[])[] {
  const words = HEADINGS[lang];
  const shared = [
    judged(words.forwarding, 'ip-forward'),
    judged(words.reversePath, 'rp-filter'),
    judged(words.modules, 'kernel-modules'),
  ];
  const backends = judged(words.backends, 'iptables-backends');
  const clock = judged(words.clock, 'clock-skew');
  switch (profile) {
    case 'kubekey-ipvs': {
      const list = judged(words.list, 'modules-load-shadowed');
      return [KUBEKEY, [...shared, list, backends, judged(words.bridge, 'setting-not-persistent'), clock]];
    }
    case 'harvester':
      return [harvesterColumns(words, clock)];
    case 'kubeadm':
      return [KUBEADM, [...shared, backends, judged(words.swap, 'swap-on'), clock]];
    default:
      return [[...shared, backends, clock]];
  }
}

function harvesterColumns(words: (typeof HEADINGS)[Lang], clock: Column): readonly Column[] {
  return [
    column(words.now, ({ snapshot }) =>
      shown(snapshot.sysctl.get('net/bridge/bridge-nf-call-iptables'), (value) => value),
    ),
    judged(words.dropIn, 'bridge-netfilter'),
    column(words.next, nextBoot),
    column('FORWARD', forwardCell),
    clock,
    TIME,
  ];
}

function forwardCell({ findings }: Candidate): string {
  const own = findings.find(({ problem }) => problem === 'forward-policy');
  if (own?.status === 'ok') return 'ACCEPT';
  return own?.status === 'problem' ? 'DROP' : '?';
}
