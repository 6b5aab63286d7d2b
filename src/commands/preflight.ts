import type { Command } from 'commander';
import { addCommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addHostOptions, hostsFrom, type RawHostOptions } from './hosts-from-options.ts';
import { UsageError, unknownWord } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawHostOptions {}

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
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward preflight --profile kubekey-ipvs --host root@node-1 --host root@node-2
  hayward preflight --profile kubekey-ipvs --inventory config-sample.yaml
  hayward preflight --profile kubekey-ipvs --json
  hayward preflight --profile harvester --host rancher@10.0.0.21

${say({
  en: 'Exit status: 1 when an installation would stop or leave the network broken.',
  'zh-CN': '退出码：安装会中止，或安装后网络会出故障时为 1。',
})}`,
    );
  addHostOptions(addCommonOptions(command, say), say).action(preflightCommand);
}

async function preflightCommand({ only, ...raw }: RawOptions): Promise<void> {
  const { PREFLIGHT_PROFILES, preflight, preflightAsks, preflightIds } = await import('../preflight/preflight.ts');
  const profile = PREFLIGHT_PROFILES.find((name) => name === raw.profile);
  const known = PREFLIGHT_PROFILES.join(' or ');
  if (raw.profile === undefined) throw new UsageError(`preflight needs --profile ${known}`);
  if (!profile) throw new UsageError(`preflight knows no installer of profile '${raw.profile}', expected ${known}`);
  const options = await commonOptions(raw);
  const chosen = only === undefined ? undefined : chosenIds(only, preflightIds(profile));

  const { snapshotOf } = await import('../snapshot/snapshot.ts');
  const started = Date.now();
  const { askHosts } = await import('./ask-hosts.ts');
  const captures = await askHosts(await hostsFrom(raw), preflightAsks(profile), options);
  const candidates = preflight(profile, captures.map(snapshotOf), {
    lang: options.lang,
    ...(chosen && { only: chosen }),
  });

  const { render } = await import('../report/render.ts');
  const { preflightText } = await import('../report/preflight-text.ts');
  const { exitStatus } = await import('../report/exit-status.ts');
  const { VERSION } = await import('../version.ts');
  const report = {
    tool: { name: 'hayward', version: VERSION },
    takenAt: new Date(started).toISOString(),
    durationMs: Date.now() - started,
    targets: captures.map(({ target, takenAt }) => ({
      ...target,
      ...(target.via === 'bundle' && { takenAt }),
      profile,
      profileEvidence: ['--profile'],
    })),
    findings: candidates.flatMap(({ findings }) => findings),
    ...(chosen && { only: chosen }),
  } as const;
  process.stdout.write(
    options.format === 'text'
      ? preflightText(profile, candidates, report, options)
      : render(report, options.format, options),
  );
  process.exitCode = exitStatus(report.findings, options.failOn);
}

function chosenIds(only: string, ids: readonly string[]): readonly string[] {
  return only.split(',').map((typed) => {
    const id = typed.trim();
    if (ids.includes(id)) return id;
    throw unknownWord('problem of preflight', id, ids);
  });
}
