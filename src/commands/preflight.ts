import { isIPv4 } from 'node:net';
import type { Command } from 'commander';
import { PREFLIGHT_PROFILES, type PreflightProfile } from '../preflight/preflight-profile.ts';
import type { VipQuestion } from '../preflight/vip/question.ts';
import { addCommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addHostOptions, hostsFrom, type RawHostOptions } from './hosts-from-options.ts';
import { addReportOption, printReport, type RawReportOption, refuseReportThatIsThere } from './report-option.ts';
import { UsageError, unknownWord } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawHostOptions, RawReportOption {
  vip?: string;
}

/** ISC's server and dnsmasq ask an address by ICMP before they offer it, for up to three seconds. */
const OFFER_WAIT_MS = 4_500;

export function register(program: Command, say: Say): void {
  const command = program
    .command('preflight')
    .summary(say({ en: 'judge hosts before an installation, all at once', 'zh-CN': '安装之前检查各主机，汇成一张表' }))
    .description(
      say({
        en: 'Judge hosts before a cluster is installed on them: what the installer asks for, and what it will not put right.',
        'zh-CN': '在安装集群之前检查各主机：安装程序要求什么，哪些问题它不会替你解决。',
      }),
    )
    .option(
      '--vip <address>',
      say({
        en: 'judge this management address as well: is it free (ARP), would DHCP give it to others, is it of the right network, are its ports free; as root, from a host of its network',
        'zh-CN':
          '同时检查此管理地址：是否空闲（ARP）、DHCP 是否会分配给别人、是否属于管理网络、所需端口是否空闲；需以 root 在该网络的主机上运行',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward preflight --profile kubekey-ipvs --host root@node-1 --host root@node-2
  hayward preflight --profile kubekey-ipvs --inventory config-sample.yaml
  hayward preflight --profile kubekey-ipvs --json
  hayward preflight --profile harvester --host rancher@10.0.0.21
  hayward preflight --profile kubeadm --inventory hosts.ini
  hayward preflight --vip 10.0.0.10
  hayward preflight --profile harvester --host root@node-1 --report issue.md

${say({
  en: 'Exit status: 1 when an installation would stop or leave the network broken.',
  'zh-CN': '退出码：安装会中止，或安装后网络会出故障时为 1。',
})}`,
    );
  addReportOption(addHostOptions(addCommonOptions(command, say), say), say).action(preflightCommand);
  // What healthy means comes of it, but only where an installer is known.
  const profile = command.options.find(({ long }) => long === '--profile');
  if (profile) {
    profile.description = say({
      en: `before whose installation: ${PREFLIGHT_PROFILES.join(', ')}`,
      'zh-CN': `在安装哪一种之前：${PREFLIGHT_PROFILES.join('、')}`,
    });
  }
}

async function preflightCommand({ only, vip: address, ...raw }: RawOptions): Promise<void> {
  const { preflight, preflightAsks, preflightIds, VIP_IDS, vipAsks } = await import('../preflight/preflight.ts');
  const profile = profileFor(raw.profile, address !== undefined);
  if (address !== undefined) assertAddress(address);
  const options = await commonOptions(raw);
  const ids = [...(profile ? preflightIds(profile) : []), ...(address === undefined ? [] : VIP_IDS)];
  const chosen = only === undefined ? undefined : chosenIds(only, ids);

  await refuseReportThatIsThere(raw);
  const { snapshotOf } = await import('../snapshot/snapshot.ts');
  const started = Date.now();
  const { askHosts } = await import('./ask-hosts.ts');
  const asks = [...(profile ? preflightAsks(profile) : []), ...(address === undefined ? [] : vipAsks())];
  const [captures, wire] = await Promise.all([
    askHosts(await hostsFrom(raw), asks, options),
    address === undefined ? undefined : wireOf(address),
  ]);
  const snapshots = captures.map(snapshotOf);
  const candidates = preflight(profile, snapshots, {
    lang: options.lang,
    ...(chosen && { only: chosen }),
    ...(address !== undefined && wire && { vip: { address, wire } }),
  });

  const { versionsOf } = await import('../report/issue/versions.ts');
  const { render } = await import('../report/render.ts');
  const { preflightText } = await import('../report/preflight-text.ts');
  const { exitStatus } = await import('../report/exit-status.ts');
  const { VERSION } = await import('../version.ts');
  const report = {
    tool: { name: 'hayward', version: VERSION },
    takenAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    targets: captures.map(({ target, takenAt }, index) => ({
      ...target,
      ...(target.via === 'bundle' && { takenAt }),
      profile: profile ?? ('generic' as const),
      profileEvidence: profile ? ['--profile'] : [],
      versions: snapshots.slice(index, index + 1).flatMap(versionsOf),
    })),
    findings: candidates.flatMap(({ findings }) => findings),
    ...(chosen && { only: chosen }),
  } as const;
  const printed = () =>
    options.format === 'text'
      ? preflightText({ ...(profile && { profile }), vip: address !== undefined }, candidates, report, options)
      : render(report, options.format, options);
  await printReport(report, printed, { ...raw, ...options });
  process.exitCode = exitStatus(report.findings, options.failOn);
}

/** With a management address to judge no installer need be named. */
function profileFor(named: string | undefined, hasVip: boolean): PreflightProfile | undefined {
  if (named === undefined && hasVip) return undefined;
  const profile = PREFLIGHT_PROFILES.find((name) => name === named);
  const known = PREFLIGHT_PROFILES.join(', ');
  if (named === undefined) throw new UsageError(`preflight needs --profile NAME (${known}), or --vip ADDRESS`);
  if (!profile) throw new UsageError(`preflight knows no installer of profile '${named}', expected one of ${known}`);
  return profile;
}

function assertAddress(address: string): void {
  if (!isIPv4(address)) throw new UsageError(`--vip ${address}: expected an IPv4 address such as 10.0.0.10`);
}

/** From this machine, whichever hosts are asked: they are of one segment, and only frames of one's own tell. */
async function wireOf(address: string): Promise<VipQuestion['wire']> {
  const { openWire } = await import('../cluster/collect/wire.ts');
  const { known } = await import('../hosts/reading.ts');
  const { signal } = new AbortController();
  return openWire(OFFER_WAIT_MS).look(known(address, '--vip'), { timeoutMs: OFFER_WAIT_MS, signal });
}

function chosenIds(only: string, ids: readonly string[]): readonly string[] {
  return only.split(',').map((typed) => {
    const id = typed.trim();
    if (ids.includes(id)) return id;
    throw unknownWord('problem of preflight', id, ids);
  });
}
