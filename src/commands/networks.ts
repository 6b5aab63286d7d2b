import { type Command, Option } from 'commander';
import { addCommonOptions, type RawCommonOptions } from './common-options.ts';
import { EXAMPLES, type Say } from './help-language.ts';
import { registerAgent } from './networks-agent.ts';
import { registerController } from './networks-controller.ts';
import { registerList } from './networks-list.ts';
import { addReportOption, type RawReportOption } from './report-option.ts';
import { UsageError } from './usage.ts';

/** As commander hands them over, each already read. */
export interface RawProbeOptions extends RawCommonOptions, RawReportOption {
  bridge?: string;
  vlan?: number;
  cidr?: string;
  gateway?: string;
  beyond?: string;
  kubeconfig?: string;
  dhcpServer?: string[];
  uplink?: string[];
  count: number;
  timeout: number;
  pcap?: string;
}

/** `hayward networks`: VM networks, and whether they are really connected. */
export function register(program: Command, say: Say): void {
  const networks = program
    .command('networks')
    .summary(say({ en: 'VM networks, and whether they are connected', 'zh-CN': '虚拟机网络，以及它们是否真的连通' }))
    .description(
      say({
        en: 'Virtual machine networks: whether they are really connected, as a VM sees it.',
        'zh-CN': '虚拟机网络：从虚拟机的角度看是否真的连通。',
      }),
    )
    .addHelpText(
      'after',
      `\n${say(EXAMPLES)}\n  hayward networks list\n  hayward networks probe --bridge mgmt-br --vlan 100`,
    )
    .enablePositionalOptions();
  registerList(networks, say);
  registerProbe(networks, say);
  registerController(networks, say);
  registerAgent(networks, say);
}

function registerProbe(networks: Command, say: Say): void {
  const command = networks
    .command('probe')
    .summary(say({ en: 'be a VM on a bridge for some seconds', 'zh-CN': '在网桥上充当几秒钟的虚拟机' }))
    .description(
      say({
        en: 'Find out whether a VM on a bridge and VLAN reaches its network, by being one for some seconds: DHCP, ARP and ping from a throw-away port of the bridge, and a look at the uplink to tell on which side a fault is. Needs root. Leaves nothing behind: the address it is given is given back.',
        'zh-CN':
          '在网桥和 VLAN 上充当几秒钟的虚拟机，查明它能否到达自己的网络：从网桥的临时端口发出 DHCP、ARP 和 ping，并观察上联口以判断故障在哪一侧。需要 root。不留任何痕迹：得到的地址会归还。',
      }),
    );
  addProbeOptions(command, say)
    .addHelpText(
      'after',
      `
${say(EXAMPLES)}
  hayward networks probe prod/vlan-100
  hayward networks probe --bridge mgmt-br --vlan 100
  hayward networks probe --bridge mgmt-br --vlan 0 --pcap probe.pcap
  hayward networks probe prod/vlan-100 --report issue.md
  hayward networks probe --bridge vm-br --vlan 7 \\
      --cidr 192.168.7.0/24 --gateway 192.168.7.1

${say({
  en: `Exit status: 0 connected, 1 not connected or a server too many,
             3 could not be probed.`,
  'zh-CN': '退出码：连通为 0，未连通或存在多余的服务器为 1，无法探测为 3。',
})}`,
    )
    .action(async (name: string | undefined, raw: RawProbeOptions) => {
      const { probeFlow } = await import('./networks-probe-flow.ts');
      await probeFlow(name, raw);
    });
  addReportOption(addCommonOptions(command, say), say);
}

function addProbeOptions(command: Command, say: Say): Command {
  const many = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];
  return command
    .argument(
      '[network]',
      say({
        en: '[NAMESPACE/]NAME of its NetworkAttachmentDefinition, which tells all the rest',
        'zh-CN': '其 NetworkAttachmentDefinition 的 [NAMESPACE/]NAME，其余信息由它给出',
      }),
    )
    .option('--bridge <name>', say({ en: 'the bridge VMs are attached to', 'zh-CN': '虚拟机所接的网桥' }))
    .addOption(
      new Option(
        '--vlan <id>',
        say({ en: '1 to 4094, or 0 for untagged', 'zh-CN': '1 到 4094，0 表示无标签' }),
      ).argParser(within('--vlan', 0, 4094)),
    )
    .option('--cidr <cidr>', say({ en: 'the network, where DHCP does not tell it', 'zh-CN': '网段（无 DHCP 时给出）' }))
    .option(
      '--gateway <address>',
      say({ en: 'the gateway, where DHCP does not tell it', 'zh-CN': '网关（无 DHCP 时给出）' }),
    )
    .option(
      '--beyond <address>',
      say({ en: 'a host behind the gateway to ping too', 'zh-CN': '再 ping 一台网关之外的主机' }),
    )
    .option(
      '--dhcp-server <address>',
      say({ en: 'a server that is meant to be there; repeatable', 'zh-CN': '应当存在的 DHCP 服务器；可重复' }),
      many,
    )
    .option(
      '--uplink <port>',
      say({
        en: 'a port that leads out of the node (default: NICs and bonds); repeatable',
        'zh-CN': '通向节点之外的端口（默认：网卡和 bond）；可重复',
      }),
      many,
    )
    .addOption(
      new Option('--count <number>', say({ en: 'how many pings', 'zh-CN': 'ping 的次数' }))
        .default(5, '5')
        .argParser(within('--count', 1, 100)),
    )
    .addOption(
      new Option(
        '--timeout <duration>',
        say({
          en: 'how long to wait for a DHCP offer; the rest takes some seconds more',
          'zh-CN': '等待 DHCP OFFER 的时间；其余步骤另需数秒',
        }),
      )
        .default(10_000, '10s')
        .argParser(duration),
    )
    .option(
      '--kubeconfig <file>',
      say({
        en: 'to read a network that is named (default: as for status)',
        'zh-CN': '用于读取所指名的网络（默认与 status 相同）',
      }),
    )
    .option(
      '--pcap <file>',
      say({ en: 'also write the frames, for tcpdump', 'zh-CN': '同时将帧写入文件，供 tcpdump 读取' }),
    );
}

function within(option: string, least: number, most: number): (value: string) => number {
  return (value) => {
    const number = /^\d{1,4}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new UsageError(`${option} ${value}: expected a whole number from ${least} to ${most}`);
  };
}

const LONGEST_WAIT_MS = 60_000;

/** `4s`, `500ms`; a number alone is seconds. */
function duration(value: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s)?$/.exec(value.trim()) ?? [];
  const ms = Number(number) * (unit === 's' ? 1000 : 1);
  if (number !== undefined && ms >= 100 && ms <= LONGEST_WAIT_MS) return ms;
  throw new UsageError(`--timeout ${value}: expected a duration from 100ms to 60s`);
}
