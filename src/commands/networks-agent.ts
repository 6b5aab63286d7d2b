import { hostname } from 'node:os';
import type { Command } from 'commander';
import { type Lang, langFrom } from '../lang.ts';
import { langOption } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { processKubeconfig } from './process-kubeconfig.ts';
import { UsageError } from './usage.ts';

/** As commander hands them over. */
export interface RawAgentOptions {
  node?: string;
  kubeconfig?: string;
  lang?: Lang;
}

/** `hayward networks agent`: probes what the controller asks of this node. */
export function registerAgent(networks: Command, say: Say): void {
  networks
    .command('agent')
    .summary(say({ en: 'probe on this node what the controller asks for', 'zh-CN': '在本节点执行控制器要求的探测' }))
    .description(
      say({
        en: 'Probe the VM networks of this node that `networks controller` asks for, and answer in the NodeNetworkProbe of this node. Needs root in the network of the host: CAP_NET_ADMIN and CAP_NET_RAW.',
        'zh-CN':
          '在本节点探测 `networks controller` 要求的虚拟机网络，结果写入本节点的 NodeNetworkProbe。需要在主机网络中以 root 运行：CAP_NET_ADMIN 和 CAP_NET_RAW。',
      }),
    )
    .option(
      '--node <name>',
      say({
        en: 'the name of the Node this is (default: the host name, as the kubelet takes it)',
        'zh-CN': '本机对应的 Node 名称（默认：主机名，与 kubelet 相同）',
      }),
    )
    .addOption(processKubeconfig(say))
    .addOption(langOption(say))
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward networks agent
  hayward networks agent --node node-1 --kubeconfig /etc/agent.kubeconfig

${say({
  en: `Exit status: 0 stopped by a signal,
             2 wrong usage or no kubeconfig that can be used.`,
  'zh-CN': '退出码：0 被信号停止，2 用法错误或没有可用的 kubeconfig。',
})}`,
    )
    .action(async (raw: RawAgentOptions) => {
      // The kubelet takes the host's name in lower case (kubernetes pkg/util/node, GetHostname).
      const node = raw.node ?? hostname().trim().toLowerCase();
      if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(node))
        throw new UsageError(`--node ${node}: not a Node's name`);
      const { agentFlow } = await import('./networks-agent-flow.ts');
      await agentFlow({ node, kubeconfig: raw.kubeconfig, lang: raw.lang ?? langFrom(process.env) });
    });
}
