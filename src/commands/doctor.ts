import type { Command } from 'commander';
import { addCommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addHostOptions, hostsFrom, type RawHostOptions } from './hosts-from-options.ts';
import { addReportOption, printReport, type RawReportOption, refuseReportThatIsThere } from './report-option.ts';

interface RawOptions extends RawCommonOptions, RawHostOptions, RawReportOption {
  printAsks?: boolean;
}

export function register(program: Command, say: Say): void {
  const command = program
    .command('doctor', { isDefault: true })
    .summary(say({ en: 'judge this node, or others over ssh', 'zh-CN': '诊断本机，或通过 ssh 诊断其他节点' }))
    .description(
      say({
        en: "Judge a node's network: what is wrong, the proof, and what would put it right. Changes nothing.",
        'zh-CN': '诊断节点的网络：哪里有问题、证据是什么、怎样修复。不做任何改动。',
      }),
    )
    .option(
      '--print-asks',
      say({
        en: 'print what would be read and run, as JSON, and do nothing',
        'zh-CN': '以 JSON 列出将读取的文件和执行的命令，不做任何事',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward doctor
  hayward doctor --host root@10.0.0.11 --host root@10.0.0.12
  hayward doctor --only bridge-netfilter,ip-forward --json
  hayward doctor --inventory config-sample.yaml
  hayward doctor --bundle all.tgz
  hayward doctor --root /host --profile harvester
  hayward doctor --only bridge-netfilter --report issue.md`,
    );
  addReportOption(addHostOptions(addCommonOptions(command, say), say), say).action(doctor);
}

async function doctor(raw: RawOptions): Promise<void> {
  const options = await commonOptions(raw);
  const { asksOf } = await import('../examine.ts');
  if (raw.printAsks) {
    process.stdout.write(`${JSON.stringify(asksOf(options.only), undefined, 2)}\n`);
    return;
  }
  await refuseReportThatIsThere(raw);
  const { examineHosts } = await import('./examine-hosts.ts');
  const { render } = await import('../report/render.ts');
  const { exitStatus } = await import('../report/exit-status.ts');
  const report = await examineHosts(await hostsFrom(raw), options);
  await printReport(report, () => render(report, options.format, options), { ...raw, ...options });
  process.exitCode = exitStatus(report.findings, options.failOn);
}
