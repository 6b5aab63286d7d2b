import type { Command } from 'commander';
import type { Page } from '../explain/page.ts';
import type { Finding } from '../judging/finding.ts';
import type { Bilingual } from '../lang.ts';
import { addCommonOptions, type CommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { nearest, UsageError } from './usage.ts';

const EXIT_STATUS: Bilingual = {
  en: `Exit status: 1 when a line speaks of a problem, 3 when nothing in it is
             known, 0 for a problem by its name.`,
  'zh-CN': '退出码：日志说明有问题为 1，其中没有认识的内容为 3，按名称解释问题为 0。',
};

export function register(program: Command, say: Say): void {
  const command = program
    .command('explain <words...>')
    .summary(say({ en: 'what a line of a log, or a problem, means', 'zh-CN': '解释一行日志或一个问题' }))
    .description(
      say({
        en: "Explain a line of kubelet's, containerd's, kube-proxy's or the kernel's log: the problem behind it, the command that proves it, the command that puts it right. Or explain a problem by its name. Looks at nothing but what it is given.",
        'zh-CN':
          '解释 kubelet、containerd、kube-proxy 或内核日志中的一行：背后的问题、验证它的命令、修复它的命令。也可按名称解释一个问题。只看给出的内容。',
      }),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward explain "failed to allocate for range 0: no IP addresses available in range set: 10.52.0.1-10.52.0.254"
  journalctl -u rke2-server | hayward explain -
  hayward explain ip-forward

${say(EXIT_STATUS)}`,
    );
  addCommonOptions(command, say).action(explain);
}

async function explain(words: readonly string[], raw: RawCommonOptions): Promise<void> {
  const options = await commonOptions(raw);
  if (options.format !== 'text' && options.format !== 'json') {
    throw new UsageError(`explain prints text or json, not ${options.format}`);
  }
  const { explainedProblems } = await import('../explain/pages.ts');
  const { problemsInLogs } = await import('../explain/explain.ts');
  const [first = ''] = words;
  if (words.length > 1) return explainLines(words, options);
  if (explainedProblems().includes(first)) return explainProblem(first, options);
  if (problemsInLogs().includes(first)) return explainNamed(first, options);
  // A single kebab-case word is a problem's name, mistyped, and no line of a log.
  if (/^[a-z]+(-[a-z]+)+$/.test(first)) {
    const known = [...new Set([...explainedProblems(), ...problemsInLogs()])];
    throw new UsageError(`unknown problem '${first}'`, nearest(first, known));
  }
  return explainLines(words, options);
}

async function explainProblem(id: string, options: CommonOptions): Promise<void> {
  const { pageOf, pageText } = await import('../explain/pages.ts');
  const page = pageOf(id, options.lang);
  if (options.format === 'text') {
    process.stdout.write(pageText(page.text));
    return;
  }
  const finding: Finding & Pick<Page, 'sections'> = {
    problem: id,
    target: '',
    subject: '',
    status: 'unknown',
    severity: 'info',
    title: page.title,
    cause: page.lead,
    impact: page.sections[0]?.text ?? '',
    evidence: [],
    unknown: { reason: 'not-collected', detail: 'explained by its name; no node was looked at' },
    prove: page.commands,
    remedies: [],
    docs: page.path,
    sections: page.sections,
  };
  await printJson([finding], options);
}

/** A problem without a page, in the words that lines of logs are explained with. */
async function explainNamed(id: string, options: CommonOptions): Promise<void> {
  const { explainedByName } = await import('../explain/explain.ts');
  const explained = explainedByName(id, options.lang).map((one) => ({ ...one, docs: '' }));
  if (options.format === 'json') return printJson(explained, options);
  const { namedText } = await import('../explain/text.ts');
  process.stdout.write(namedText(explained, options));
}

async function explainLines(words: readonly string[], options: CommonOptions): Promise<void> {
  const { logReader } = await import('../explain/explain.ts');
  const { exitStatus } = await import('../report/exit-status.ts');
  const fromInput = words.length === 1 && words[0] === '-';
  const reader = logReader(fromInput ? 'standard input' : 'the line given');
  if (fromInput) await (await import('../explain/lines.ts')).eachLine(process.stdin, reader.read);
  else for (const line of words.join(' ').split('\n')) reader.read(line);
  const { pathOf } = await import('../explain/pages.ts');
  const explained = reader
    .explanations(options.lang)
    .map((one) => ({ ...one, docs: pathOf(one.problem, options.lang) ?? '' }));
  if (options.format === 'json') await printJson(explained, options);
  else {
    const { explanationsText } = await import('../explain/text.ts');
    process.stdout.write(explanationsText(explained, reader.lines, options));
  }
  process.exitCode = explained.length === 0 ? 3 : exitStatus(explained, options.failOn);
}

async function printJson(findings: readonly Finding[], { lang }: CommonOptions): Promise<void> {
  const { renderJson } = await import('../report/json.ts');
  const { VERSION } = await import('../version.ts');
  const tool = { name: 'hayward', version: VERSION } as const;
  const takenAt = new Date().toISOString();
  process.stdout.write(renderJson({ tool, takenAt, durationMs: 0, targets: [], findings }, lang));
}
