import type { Command } from 'commander';
import type { Report } from '../report/report.ts';
import type { CommonOptions } from './common-options.ts';
import type { Say } from './help-language.ts';

export interface RawReportOption {
  /** A file that is not there yet, or `-`. */
  report?: string;
}

/** `--report`, of every command whose result is a report of findings. */
export function addReportOption(command: Command, say: Say): Command {
  return command.option(
    '--report <file>',
    say({
      en: 'also write the problems as Markdown for an issue, without secrets, host names and public addresses; - prints it instead',
      'zh-CN': '另将问题写成可贴入 issue 的 Markdown，去除机密、主机名和公网地址；- 表示改为打印它',
    }),
  );
}

/**
 * Prints a report as it is printed anyhow, unless the issue is to be printed instead; and writes the issue. `printed` is asked for only
 * where it is printed. Throws UsageError where the file cannot be written.
 */
export async function printReport(
  report: Report,
  printed: () => string,
  {
    report: file,
    ...options
  }: RawReportOption & Pick<CommonOptions, 'lang' | 'quiet'> & { readonly names?: readonly string[] },
): Promise<void> {
  if (file === undefined) {
    process.stdout.write(printed());
    return;
  }
  const { issueReport } = await import('../report/issue/issue-report.ts');
  const issue = issueReport(report, options);
  if (file === '-') {
    process.stdout.write(issue);
    return;
  }
  process.stdout.write(printed());
  const { writeNew } = await import('./write-new.ts');
  await writeNew('--report', file, issue);
  if (!options.quiet) process.stderr.write(`hayward: ${WRITTEN[options.lang](file)}\n`);
}

const WRITTEN = {
  en: (file: string) => `${JSON.stringify(file)} is written: read it before you publish it`,
  'zh-CN': (file: string) => `已写入 ${JSON.stringify(file)}：发布之前请先阅读`,
} as const;

/** Before anything is looked at: a file that is there is not written over. */
export async function refuseReportThatIsThere({ report }: RawReportOption): Promise<void> {
  if (report === undefined || report === '-') return;
  const { refuseIfThere } = await import('./write-new.ts');
  refuseIfThere('--report', report);
}
