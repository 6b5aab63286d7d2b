import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Host } from '../hosts/host.ts';
import type { Bilingual } from '../lang.ts';
import type { JudgedLeases } from '../leases/observe.ts';
import type { LeaseScope } from '../snapshot/leases.ts';
import {
  addCommonOptions,
  type CommonOptions,
  commonOptions,
  PLAIN_FORMATS,
  type RawCommonOptions,
} from './common-options.ts';
import { durationMs } from './duration.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addHostOptions, hostsFrom, isLocal, type RawHostOptions } from './hosts-from-options.ts';
import { refuseUnknownNetworks, refuseWrongDataDirs } from './known-networks.ts';
import { registerReclaim } from './leases-reclaim.ts';
import { progressLine } from './progress.ts';
import { UsageError } from './usage.ts';

/** What both `leases` and `leases reclaim` understand about where to look. */
export interface RawLeaseOptions {
  dataDir?: string[];
  network?: string[];
  criSocket?: string;
  grace?: number;
}

interface RawOptions extends RawCommonOptions, RawHostOptions, RawLeaseOptions {}

export function addLeaseOptions(command: Command, say: Say): Command {
  const repeatable = (value: string, previous: string[] | undefined) => [...(previous ?? []), value];
  return command
    .addOption(
      new Option(
        '--data-dir <dir>',
        say({
          en: "host-local's data directory (default: as configured); repeatable",
          'zh-CN': 'host-local 的数据目录（默认：按配置）；可重复',
        }),
      ).argParser((value: string, previous: string[] | undefined) =>
        repeatable(absolute('--data-dir', value), previous),
      ),
    )
    .option('--network <name>', say({ en: 'only this network; repeatable', 'zh-CN': '只看此网络；可重复' }), repeatable)
    .addOption(
      new Option(
        '--cri-socket <path>',
        say({
          en: "the container runtime's socket (default: the known places)",
          'zh-CN': '容器运行时的套接字（默认：已知位置）',
        }),
      ).argParser((value: string) => absolute('--cri-socket', value.replace(/^unix:\/\//, ''))),
    )
    .addOption(
      new Option(
        '--grace <duration>',
        say({
          en: 'how old a lease must be before it can be called leaked (default: 10m)',
          'zh-CN': '租约至少多旧才可判为泄漏（默认：10m）',
        }),
      ).argParser((value: string) => durationMs('--grace', value)),
    );
}

/** A path as every host needs it, without slashes at its end. */
function absolute(option: string, value: string): string {
  if (!value.startsWith('/') || value.includes('\0')) {
    throw new UsageError(`${option} ${value}: expected an absolute path`);
  }
  return value.replace(/(?<=.)\/+$/, '');
}

const EXIT_STATUS: Bilingual = {
  en: `Exit status: 1 while leaked leases are left or a range is full, 3 when
             something that decides could not be seen.`,
  'zh-CN': '退出码：仍有泄漏的租约或地址段已满为 1，决定结论的信息看不到为 3。',
};

/** What to look at, from the options. */
export function leaseScope({ dataDir, network, criSocket }: RawLeaseOptions): LeaseScope {
  return {
    ...(dataDir && { dataDirs: [...new Set(dataDir)] }),
    ...(network && { networks: [...new Set(network)] }),
    ...(criSocket !== undefined && { criSocket }),
  };
}

export function register(program: Command, say: Say): void {
  const command = program
    .command('leases')
    .summary(
      say({
        en: 'addresses that host-local holds for Pods, and which of them leaked',
        'zh-CN': 'host-local 为 Pod 占用的地址，以及其中哪些已泄漏',
      }),
    )
    .description(
      say({
        en: 'Show what addresses host-local holds on a node, which Pod each belongs to, and which leaked. Changes nothing.',
        'zh-CN': '列出节点上 host-local 占用的地址、各属于哪个 Pod、哪些已泄漏。不做任何修改。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward leases
  hayward leases --host root@node-1 --network k8s-pod-network
  hayward leases --bundle all.tgz
  hayward leases --json --data-dir /var/lib/cni/networks

${say(EXIT_STATUS)}`,
    );
  addHostOptions(addLeaseOptions(addCommonOptions(command, say, PLAIN_FORMATS), say), say).action(leases);
  registerReclaim(command, say);
}

async function leases(raw: RawOptions): Promise<void> {
  const options = await commonOptions(raw);
  if (options.format !== 'text' && options.format !== 'json') {
    throw new UsageError(`leases prints text or json, not ${options.format}`);
  }
  if (isLocal(raw)) refuseWrongDataDirs(raw.dataDir);
  const started = new Date();
  // What prints is loaded while the node's commands run.
  const printing = Promise.all([
    import('../leases/history-file.ts'),
    import('../leases/report.ts'),
    import('../leases/runtime-report.ts'),
    import('../report/leases-json.ts'),
  ]);
  const seen = await observeAll(await hostsFrom(raw), raw, options);
  refuseUnknownNetworks(seen, raw.network);
  const [{ historyKeeper }, { countsOf, leasesStatus, networkReports }, { runtimeReports }, { leasesJson }] =
    await printing;
  const keeper = historyKeeper({
    environment: process.env,
    root: process.geteuid?.() === 0,
    harvester: existsSync('/etc/harvester-release.yaml'),
  });
  const networks = seen.flatMap((one) => {
    const history = keeper.remember(one.capture.target, countsOf(one));
    return networkReports({ seen: one, history, lang: options.lang });
  });
  if (options.format === 'json') {
    const { VERSION } = await import('../version.ts');
    const tool = { name: 'hayward', version: VERSION };
    const takenAt = started.toISOString();
    const head = {
      schemaVersion: 1,
      tool,
      takenAt,
      troubles: troublesOf(seen),
      runtimes: seen.flatMap(runtimeReports),
    };
    for (const piece of leasesJson(head, networks, options.lang)) process.stdout.write(piece);
  } else {
    const { leasesText } = await import('../report/leases-text.ts');
    for (const { target, detail } of troublesOf(seen)) process.stderr.write(`hayward: ${target}: ${detail}\n`);
    // Where leases could not be read, that there are none is not known.
    const isBlind = networks.length === 0 && troublesOf(seen).length > 0;
    if (!isBlind) process.stdout.write(leasesText(networks, options, seen.flatMap(runtimeReports)));
  }
  process.exitCode = leasesStatus(seen);
}

async function observeAll(
  hosts: readonly Host[],
  raw: RawLeaseOptions,
  options: CommonOptions,
): Promise<readonly JudgedLeases[]> {
  const { observeAndJudge } = await import('../leases/observe.ts');
  const { DEFAULT_GRACE_MS } = await import('../leases/model.ts');
  const { pooled } = await import('../hosts/pool.ts');
  const { DEFAULT_BOUND } = await import('../hosts/many.ts');
  const progress = progressLine(!options.quiet);
  progress.update(`looking at ${hosts.map(({ name }) => name).join(', ')} …`);
  const seen = await pooled(hosts, DEFAULT_BOUND, (host) =>
    observeAndJudge(host, leaseScope(raw), raw.grace ?? DEFAULT_GRACE_MS),
  );
  progress.end();
  return seen;
}

/** What could not be seen of whole nodes, one line each. */
function troublesOf(seen: readonly JudgedLeases[]): readonly { readonly target: string; readonly detail: string }[] {
  return seen.flatMap(({ capture, unread }) => {
    const target = capture.target.name;
    if (capture.unreachable) return [{ target, detail: capture.unreachable.detail }];
    return unread.map(({ detail }) => ({ target, detail }));
  });
}
