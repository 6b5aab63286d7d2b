import { type MadeBundle, makeBundle } from '../bundle/make-bundle.ts';
import { printBundle, writeBundle } from '../bundle/write-bundle.ts';
import { asksOf } from '../examine.ts';
import type { Ask } from '../hosts/ask.ts';
import { harmless } from '../hosts/sanitise.ts';
import type { Lang } from '../lang.ts';
import { preflightAsks } from '../preflight/preflight.ts';
import { PREFLIGHT_PROFILES } from '../preflight/preflight-profile.ts';
import { jsonText } from '../report/json.ts';
import { thorough } from '../thorough-host.ts';
import { VERSION } from '../version.ts';
import { askHosts } from './ask-hosts.ts';
import type { CommonOptions } from './common-options.ts';
import { hostsFrom, type RawHostOptions } from './hosts-from-options.ts';

export interface CaptureOptions extends CommonOptions {
  readonly json: boolean;
  readonly output: string;
  readonly packing: 'tar' | 'gzip';
  readonly maxBytes: number;
  /** The cluster is asked as well. */
  readonly cluster?: { readonly kubeconfig: string | undefined };
}

/** Asks all nodes everything that is ever asked, and writes it down. Returns the exit status. */
export async function captureFlow(raw: RawHostOptions, options: CaptureOptions): Promise<number> {
  const takenAt = new Date().toISOString();
  // First, for a kubeconfig that cannot be used ends it.
  const clusters = options.cluster ? [await asked(options.cluster, options)] : [];
  const nodes = await askHosts((await hostsFrom(raw)).map(thorough), asksFor(options.only), options);
  const captures = [...nodes, ...clusters];
  const bundle = makeBundle(captures, { version: VERSION, takenAt, maxBytes: options.maxBytes });
  const { manifest } = bundle;
  for (const { name, unreachable } of manifest.nodes) {
    if (unreachable !== undefined) process.stderr.write(`hayward: ${harmless(`${name}: ${unreachable}`)}\n`);
  }
  if (options.output === '-') {
    await printBundle(bundle);
  } else {
    const bytes = await writeBundle(options.output, bundle, options.packing);
    process.stdout.write(
      options.json ? jsonText(summaryOf(bundle, options.output, bytes)) : told(bundle, options, bytes),
    );
  }
  return manifest.nodes.some(({ unreachable }) => unreachable !== undefined) ? 3 : 0;
}

/** What `doctor`, `leases` and every `preflight` ask; only what some problems need where these are named. */
function asksFor(only: readonly string[] | undefined): Ask[] {
  const asks = [...asksOf(only), ...(only ? [] : PREFLIGHT_PROFILES.flatMap(preflightAsks))];
  return [...new Map(asks.map((ask) => [JSON.stringify(ask), ask])).values()];
}

async function asked({ kubeconfig }: { readonly kubeconfig: string | undefined }, options: CaptureOptions) {
  const { clusterCapture } = await import('./capture-cluster.ts');
  return clusterCapture(kubeconfig, options);
}

function summaryOf({ manifest }: MadeBundle, file: string, bytes: number): object {
  return {
    schemaVersion: 1,
    tool: manifest.tool,
    takenAt: manifest.takenAt,
    file,
    bytes,
    nodes: manifest.nodes.map(({ name, via, unreachable, readings }) => ({
      name,
      via,
      ...(unreachable !== undefined && { unreachable }),
      readings: readings.length,
      redacted: readings.filter(({ redacted }) => redacted).map(({ source }) => source),
      leftOut: readings.filter(({ leftOut }) => leftOut).map(({ source }) => source),
    })),
  };
}

const WORDS = {
  en: {
    head: (file: string, kib: number, nodes: number) =>
      `${file}: ${kib} KiB, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
    node: (name: string, readings: number) => `  ${name}: ${readings} readings`,
    cluster: (name: string, answers: number) => `  cluster ${name}: ${answers} answers`,
    redacted: (sources: string) => `    secrets taken out of: ${sources}`,
    leftOut: (sources: string) => `    left out, too large: ${sources}`,
    unseen: (name: string) => `  ${name}: could not be reached`,
    next: (file: string, judge: string) => `Judge it anywhere: hayward ${judge} --bundle ${file}`,
    separator: ', ',
  },
  'zh-CN': {
    head: (file: string, kib: number, nodes: number) => `${file}：${kib} KiB，${nodes} 个节点`,
    node: (name: string, readings: number) => `  ${name}：${readings} 项读数`,
    cluster: (name: string, answers: number) => `  集群 ${name}：${answers} 项应答`,
    redacted: (sources: string) => `    已去除机密：${sources}`,
    leftOut: (sources: string) => `    过大而略去：${sources}`,
    unseen: (name: string) => `  ${name}：无法连接`,
    next: (file: string, judge: string) => `可在任何地方诊断：hayward ${judge} --bundle ${file}`,
    separator: '、',
  },
} as const satisfies Record<Lang, object>;

function told({ manifest }: MadeBundle, { output, lang, quiet }: CaptureOptions, bytes: number): string {
  if (quiet) return '';
  const words = WORDS[lang];
  const lines = manifest.nodes.flatMap(({ name, via, unreachable, readings }) => {
    if (unreachable !== undefined) return [words.unseen(name)];
    const named = (which: 'redacted' | 'leftOut') =>
      readings
        .filter((reading) => reading[which])
        .map(({ source }) => (source.length > 60 ? `${source.slice(0, 60)}…` : source));
    const [redacted, leftOut] = [named('redacted'), named('leftOut')];
    return [
      via === 'kubernetes' ? words.cluster(name, readings.length) : words.node(name, readings.length),
      ...(redacted.length > 0 ? [words.redacted(redacted.join(words.separator))] : []),
      ...(leftOut.length > 0 ? [words.leftOut(leftOut.join(words.separator))] : []),
    ];
  });
  const clusters = manifest.nodes.filter(({ via }) => via === 'kubernetes').length;
  const head = words.head(output, Math.ceil(bytes / 1024), manifest.nodes.length - clusters);
  const next = ['doctor', ...(clusters > 0 ? ['status'] : [])].map((judge) => words.next(output, judge));
  return [head, ...lines, ...next].map((line) => `${harmless(line)}\n`).join('');
}
