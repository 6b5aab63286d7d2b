import type { Command } from 'commander';
import { addCommonOptions, commonOptions, printsJson, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addHostOptions, type RawHostOptions } from './hosts-from-options.ts';
import { byteCount } from './size.ts';
import { UsageError } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawHostOptions {
  output?: string;
  cluster?: boolean;
  kubeconfig?: string;
  maxSize: number;
}

const DEFAULT_MAX_SIZE = '64M';
/** What reading a bundle takes at most; see src/bundle/limits.ts. */
const MOST_BYTES = 192 * 1024 * 1024;

export function register(program: Command, say: Say): void {
  const command = program
    .command('capture')
    .summary(
      say({ en: 'what nodes look like, in one file, without secrets', 'zh-CN': '把节点状况存成一个文件，去除机密' }),
    )
    .description(
      say({
        en: 'Keep what doctor, leases and preflight ask of nodes, and with --cluster what status asks of the API, in one file, for somebody else to judge, or later: the same findings come of it. Tokens, passwords and private keys are taken out before anything is written. Changes nothing.',
        'zh-CN':
          '把 doctor、leases、preflight 从节点读取的内容，以及（使用 --cluster 时）status 从 API 读取的内容存入一个文件，供他人或日后诊断，结论相同。令牌、密码、私钥在写入之前就已去除。不做任何改动。',
      }),
    )
    .requiredOption(
      '-o, --output <file>',
      say({
        en: 'where to: a name in .tar, .tar.gz or .tgz; - for standard output',
        'zh-CN': '写到哪里：以 .tar、.tar.gz 或 .tgz 结尾；- 为标准输出',
      }),
    )
    .option(
      '--cluster',
      say({
        en: 'also what status asks of the API server, but for what only a live look sees',
        'zh-CN': '同时保存 status 从 API server 读取的内容（仅能实时查看的除外）',
      }),
    )
    .option(
      '--kubeconfig <file>',
      say({
        en: 'the kubeconfig to ask the cluster with (implies --cluster; default: as status finds it)',
        'zh-CN': '访问集群所用的 kubeconfig（隐含 --cluster；默认与 status 的查找方式相同）',
      }),
    )
    .option(
      '--max-size <size>',
      say({
        en: `leave out the largest readings beyond this, before packing (default: ${DEFAULT_MAX_SIZE})`,
        'zh-CN': `压缩前超过此大小时，略去最大的读数（默认：${DEFAULT_MAX_SIZE}）`,
      }),
      (value: string) => byteCount('--max-size', value, MOST_BYTES),
      byteCount('--max-size', DEFAULT_MAX_SIZE, MOST_BYTES),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward capture -o node.tar.gz
  hayward capture -o all.tgz --host root@10.0.0.11 --host root@10.0.0.12
  hayward doctor --bundle all.tgz
  hayward capture -o all.tgz --cluster
  hayward status --bundle all.tgz
  tar -xOf all.tgz manifest.json

${say({
  en: 'Exit status: 3 when a node could not be reached; the others are in the file.',
  'zh-CN': '退出码：有节点无法连接时为 3；其余节点仍在文件中。',
})}`,
    );
  addHostOptions(addCommonOptions(command, say), say).action(capture);
}

async function capture(raw: RawOptions): Promise<void> {
  const options = await commonOptions(raw);
  const json = printsJson(options, 'capture');
  const { packingNamed } = await import('../bundle/write-bundle.ts');
  const output = raw.output ?? '';
  const packing = output === '-' ? 'gzip' : packingNamed(output);
  if (packing === undefined) throw new UsageError(`-o ${output}: expected a name that ends in .tar, .tar.gz or .tgz`);
  if (output === '-' && process.stdout.isTTY) throw new UsageError('-o -: a bundle is nothing for a terminal');
  const { captureFlow } = await import('./capture-flow.ts');
  process.exitCode = await captureFlow(raw, {
    ...options,
    json,
    output,
    packing,
    maxBytes: raw.maxSize,
    ...clusterOf(raw),
  });
}

function clusterOf({ cluster, kubeconfig }: RawOptions) {
  return cluster || kubeconfig !== undefined ? { cluster: { kubeconfig } } : {};
}
