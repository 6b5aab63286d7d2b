import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Bilingual } from '../lang.ts';
import { addActingHostOption, type RawActingOptions } from './acting-host.ts';
import { addCommonOptions, commonOptions, PLAIN_FORMATS, type RawCommonOptions } from './common-options.ts';
import { withGivenBefore } from './given-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { addLeaseOptions, leaseScope, type RawLeaseOptions } from './leases.ts';
import { UsageError } from './usage.ts';

interface RawOptions extends RawCommonOptions, RawActingOptions, RawLeaseOptions {
  dryRun?: boolean;
  yes?: boolean;
  wait?: boolean;
  max?: number;
}

type BeforeOrAfter = Omit<RawOptions, 'host'> & {
  host?: string | string[];
  root?: string;
  bundle?: string;
  inventory?: string;
};

const PUTS_BACK: Bilingual = { en: 'puts back what is still free', 'zh-CN': '把仍空闲的地址恢复原状' };
const EXIT_STATUS: Bilingual = {
  en: `Exit status: 0 nothing leaked is left, 1 leaked leases are left,
             3 what decides could not be seen.`,
  'zh-CN': '退出码：没有剩余泄漏为 0，仍有泄漏为 1，决定结论的信息看不到为 3。',
};

/** Adds `reclaim` below `leases`; options stand after the word they belong to, or before it. */
export function registerReclaim(leases: Command, say: Say): void {
  const command = leases
    .enablePositionalOptions()
    .command('reclaim')
    .summary(say({ en: 'give leaked addresses back', 'zh-CN': '归还泄漏的地址' }))
    .description(
      say({
        en: "Give leaked addresses back while Pods run: nothing is restarted. A lease goes only when two looks prove its sandbox dead and nothing uses the address, under host-local's own lock; each is kept in the journal.",
        'zh-CN':
          '在 Pod 运行时归还泄漏的地址，无需重启任何服务。只有两次查看都证明沙箱已不存在、且没有任何东西使用该地址时，才在 host-local 自己的锁下删除租约；每一条都记入日志。',
      }),
    )
    .option(
      '--dry-run',
      say({ en: 'show what would be given back; write nothing at all', 'zh-CN': '只显示将归还什么，不写入任何内容' }),
    )
    .option('-y, --yes', say({ en: 'do not ask', 'zh-CN': '不询问' }))
    .option(
      '--wait',
      say({
        en: 'where no clock tells how old leases are: look again once the grace time has passed',
        'zh-CN': '时钟无法说明租约存在多久时：等宽限时间过去后再看一次',
      }),
    )
    .addOption(
      new Option('--max <number>', say({ en: 'give back at most so many', 'zh-CN': '最多归还这么多个' })).argParser(
        count,
      ),
    )
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward leases reclaim --dry-run
  hayward leases reclaim --yes --max 10
  hayward leases reclaim --host root@node-1
  hayward undo                         ${say(PUTS_BACK)}

${say(EXIT_STATUS)}`,
    );
  addActingHostOption(addLeaseOptions(addCommonOptions(command, say, PLAIN_FORMATS), say), say).action(reclaim);
}

function count(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('expected a number');
  return Number(value);
}

async function reclaim(_own: RawOptions, command: Command): Promise<void> {
  const raw = forOneNode(withGivenBefore<BeforeOrAfter>(command));
  const options = await commonOptions(raw);
  if (options.format !== 'text' && options.format !== 'json') {
    throw new UsageError(`leases reclaim prints text or json, not ${options.format}`);
  }
  const { runReclaim } = await import('./reclaim-flow.ts');
  process.exitCode = await runReclaim({
    ...options,
    json: options.format === 'json',
    scope: leaseScope(raw),
    dryRun: raw.dryRun === true,
    yes: raw.yes === true,
    wait: raw.wait === true,
    ...(raw.grace !== undefined && { graceMs: raw.grace }),
    ...(raw.max !== undefined && { max: raw.max }),
    ...(raw.host !== undefined && { host: raw.host }),
  });
}

/** What stands before the word `reclaim` is for `leases`, which looks at several nodes or at files; what changes one is narrower. */
function forOneNode({ host, root, bundle, inventory, ...rest }: BeforeOrAfter): RawOptions {
  if (root !== undefined) throw new UsageError('--root: a file tree can be looked at, not changed; run it on the node');
  if (bundle !== undefined)
    throw new UsageError('--bundle: a bundle can be looked at, not changed; run it on the node');
  if (inventory !== undefined) throw new UsageError('one node is changed at a time: name one --host, no --inventory');
  const [first, ...others] = [host ?? []].flat();
  if (others.length > 0) throw new UsageError('one node is changed at a time: name one --host');
  return { ...rest, ...(first !== undefined && { host: first }) };
}
