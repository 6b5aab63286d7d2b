import type { Command } from 'commander';
import { addCommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { addHostOptions, hostsFrom, type RawHostOptions } from './hosts-from-options.ts';

interface RawOptions extends RawCommonOptions, RawHostOptions {
  printAsks?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('doctor', { isDefault: true })
    .summary('judge this node, or others over ssh')
    .description("Judge a node's network: what is wrong, the proof, and what would put it right. Changes nothing.")
    .option('--print-asks', 'print what would be read and run, as JSON, and do nothing')
    .addHelpText(
      'after',
      `
Examples:
  hayward doctor
  hayward doctor --host root@10.0.0.11 --host root@10.0.0.12
  hayward doctor --only bridge-netfilter,ip-forward --json
  hayward doctor --root /host --profile harvester`,
    );
  addHostOptions(addCommonOptions(command)).action(doctor);
}

async function doctor(raw: RawOptions): Promise<void> {
  const options = await commonOptions(raw);
  const { asksOf } = await import('../examine.ts');
  if (raw.printAsks) {
    process.stdout.write(`${JSON.stringify(asksOf(options.only), undefined, 2)}\n`);
    return;
  }
  const { examineHosts } = await import('./examine-hosts.ts');
  const { render } = await import('../report/render.ts');
  const { exitStatus } = await import('../report/exit-status.ts');
  const report = await examineHosts(await hostsFrom(raw), options);
  process.stdout.write(render(report, options.format, options));
  process.exitCode = exitStatus(report.findings, options.failOn);
}
