import { type Command, Option } from 'commander';
import type { Bilingual } from '../lang.ts';
import type { LintFinding, Wanted } from '../lint/lint.ts';
import type { RepairedFile } from '../lint/repair.ts';
import type { Sight } from '../lint/sight.ts';
import { addCommonOptions, type CommonOptions, commonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { UsageError, unknownWord } from './usage.ts';

interface RawOptions extends RawCommonOptions {
  fix?: boolean;
  dryRun?: boolean;
  kubernetesVersion?: readonly [number, number];
}

const EXIT_STATUS: Bilingual = {
  en: `Exit status: 1 for a problem in a file that was read, 2 for a file that could
             not be, 3 where the answer depends on something not told.`,
  'zh-CN': '退出码：读取的文件有问题为 1，文件读不到为 2，结论取决于未给出的信息为 3。',
};

export function register(program: Command, say: Say): void {
  const command = program
    .command('lint <file...>')
    .summary(say({ en: 'judge manifests before they are applied', 'zh-CN': '在应用之前检查清单' }))
    .description(
      say({
        en: "Judge manifests of Harvester's networks, boot stages and kube-apiserver's arguments before they are applied. FILE is a file, a directory (its *.yaml, *.yml and *.json), or - for standard input. Asks no cluster.",
        'zh-CN':
          '在应用之前检查 Harvester 网络、启动阶段与 kube-apiserver 参数的清单。FILE 可以是文件、目录（其中的 *.yaml、*.yml、*.json），或表示标准输入的 -。不访问任何集群。',
      }),
    )
    .option(
      '--fix',
      say({
        en: 'put right in the files what can be, keeping comments and order; of standard input, print the result',
        'zh-CN': '直接修复文件中可修复的问题，保留注释与顺序；对标准输入则输出修复结果',
      }),
    )
    .option(
      '--dry-run',
      say({ en: 'with --fix: print the changes, write nothing', 'zh-CN': '与 --fix 合用：只输出改动，不写入' }),
    )
    .addOption(
      new Option(
        '--kubernetes-version <version>',
        say({ en: 'the release the files are for, e.g. 1.34', 'zh-CN': '文件所针对的版本，例如 1.34' }),
      ).argParser(release),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward lint networks/
  kubectl get net-attach-def -A -o yaml | hayward lint -
  helm template . | hayward lint - --format sarif
  hayward lint --fix --dry-run vlan100.yaml

${say(EXIT_STATUS)}`,
    );
  addCommonOptions(command, say).action(run);
}

function release(value: string): readonly [number, number] {
  const [, major, minor] = /^v?(\d{1,3})\.(\d{1,3})([.+-].*)?$/.exec(value) ?? [];
  if (major === undefined || minor === undefined) {
    throw new UsageError(`--kubernetes-version ${value}: expected a release such as 1.34`);
  }
  return [Number(major), Number(minor)];
}

async function run(names: readonly string[], raw: RawOptions): Promise<void> {
  const started = new Date();
  const { only: asked, ...others } = raw;
  const options = await commonOptions(others);
  if (raw.dryRun && !raw.fix) throw new UsageError('--dry-run belongs to --fix; without it lint writes nothing anyway');
  const { lint, RULE_IDS } = await import('../lint/lint.ts');
  const { sightOf } = await import('../lint/sight.ts');
  const { inputsFrom, readStandardInput } = await import('./lint-files.ts');
  const wanted: Wanted = {
    lang: options.lang,
    ...(asked !== undefined && { only: ruleIds(asked, RULE_IDS) }),
    ...(raw.kubernetesVersion && { kubernetes: raw.kubernetesVersion }),
  };
  const standardInput = names.includes('-') ? await readStandardInput() : undefined;
  const sight = sightOf(inputsFrom(names, standardInput));
  let findings = lint(sight, wanted);
  let output: string | undefined;
  if (raw.fix) {
    const { repairFiles } = await import('../lint/repair.ts');
    const repaired = repairFiles(sight, findings, wanted);
    output = raw.dryRun ? repaired.map(({ diff }) => diff).join('') : fixedInput(sight, repaired, standardInput);
    if (!raw.dryRun) findings = withoutFixed(findings, await write(repaired, options));
  }
  await print(sight, findings, output, options, started);
}

/** Standard input cannot be written to: its repaired text is the result. */
function fixedInput(
  sight: Sight,
  repaired: readonly RepairedFile[],
  standardInput: Uint8Array | undefined,
): string | undefined {
  if (!standardInput) return undefined;
  const of = (name: string) => name === '<stdin>';
  return repaired.find(({ name }) => of(name))?.after ?? sight.files.find(({ name }) => of(name))?.text ?? '';
}

/** Writes files; returns what was put right. */
async function write(repaired: readonly RepairedFile[], { quiet }: CommonOptions): Promise<ReadonlySet<LintFinding>> {
  const { replaceFile, STANDARD_INPUT } = await import('./lint-files.ts');
  const { harmless } = await import('../hosts/sanitise.ts');
  const fixed = new Set<LintFinding>();
  for (const { name, before, after, findings } of repaired) {
    const failed = name === STANDARD_INPUT ? undefined : replaceFile(name, before, after);
    if (failed === undefined) for (const one of findings) fixed.add(one);
    if (failed !== undefined) process.stderr.write(`hayward: ${harmless(`${name} is left as it is: ${failed}`)}\n`);
    else if (!quiet) process.stderr.write(`hayward: ${harmless(name)}: ${findings.length} put right\n`);
  }
  return fixed;
}

function withoutFixed(findings: readonly LintFinding[], fixed: ReadonlySet<LintFinding>): readonly LintFinding[] {
  return findings.map((one) => {
    if (!fixed.has(one)) return one;
    const { finding } = one;
    return { finding: { ...finding, status: 'ok', severity: 'info', remedies: [] } };
  });
}

/** The report on standard output; on standard error where that carries a repaired text or a diff. */
async function print(
  sight: Sight,
  linted: readonly LintFinding[],
  output: string | undefined,
  options: CommonOptions,
  started: Date,
): Promise<void> {
  const findings = linted.map(({ finding }) => finding);
  const { exitStatus } = await import('../report/exit-status.ts');
  const report =
    options.format === 'text' ? await asText(sight, findings, options) : await asReport(findings, options, started);
  if (output === undefined) process.stdout.write(report);
  else {
    process.stdout.write(output);
    process.stderr.write(report);
  }
  process.exitCode = exitStatus(findings, options.failOn);
}

async function asText(
  sight: Sight,
  findings: readonly LintFinding['finding'][],
  options: CommonOptions,
): Promise<string> {
  const { lintText } = await import('../report/lint-text.ts');
  const objects = sight.manifests.filter(({ kind }) => kind !== '').length;
  return lintText(findings, { files: sight.names.length, objects }, options);
}

async function asReport(
  findings: readonly LintFinding['finding'][],
  options: CommonOptions,
  started: Date,
): Promise<string> {
  const { render } = await import('../report/render.ts');
  const { VERSION } = await import('../version.ts');
  const report = {
    tool: { name: 'hayward', version: VERSION },
    takenAt: started.toISOString(),
    durationMs: Date.now() - started.getTime(),
    targets: [],
    findings,
  } as const;
  return render(report, options.format, options);
}

function ruleIds(words: string, known: readonly string[]): readonly string[] {
  return words.split(',').map((typed) => {
    const id = typed.trim();
    if (!known.includes(id)) throw unknownWord('problem', id, known);
    return id;
  });
}
