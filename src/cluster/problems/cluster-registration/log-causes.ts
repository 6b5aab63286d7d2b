import type { Bilingual } from '../../../lang.ts';

/** Why the agent does not get through, by a line of its log. */
export interface LogCause {
  readonly why: Bilingual;
  readonly line: string;
}

/**
 * Texts of Go's net and crypto/x509 and of cattle-cluster-agent (rancher/rancher package/run.sh). That connections are silently
 * lost is what a VM on Harvester's management VLAN sees while bridge-nf-call-iptables is 1 on its host (harvester#3960).
 */
const CAUSES: readonly (readonly [RegExp, Bilingual])[] = [
  [
    /x509: certificate signed by unknown authority|cacerts checksum|certificate is valid for .* not /,
    {
      en: 'it does not trust the certificate at that address: another CA, another name, or another machine that answers there',
      'zh-CN': '不信任该地址上的证书：CA 或域名不同，或应答的是另一台机器',
    },
  ],
  [
    /x509: certificate has expired or is not yet valid/,
    { en: 'the certificate has expired, or this clock is wrong', 'zh-CN': '证书已过期，或本机时钟有误' },
  ],
  [
    /no such host|Could not resolve host/,
    { en: 'its name is not resolved by the cluster DNS', 'zh-CN': '集群 DNS 无法解析该域名' },
  ],
  [
    /i\/o timeout|context deadline exceeded|Client\.Timeout|Connection timed out|Operation timed out|TLS handshake timeout/,
    {
      en: 'packets to it are lost. Where this cluster runs in VMs of Harvester, look at the hosts first: bridge-nf-call-iptables at 1 loses them (hayward doctor --only bridge-netfilter,rp-filter)',
      'zh-CN':
        '发往它的报文丢失。若集群运行在 Harvester 虚拟机中，先查宿主机：bridge-nf-call-iptables 为 1 会丢包（hayward doctor --only bridge-netfilter,rp-filter）',
    },
  ],
  [/connection refused/i, { en: 'nothing listens there', 'zh-CN': '该地址无人监听' }],
  [
    /401|Unauthorized|cluster registration token/,
    { en: 'its registration token is not known there any more', 'zh-CN': '注册令牌在对端已失效' },
  ],
];

/** The last line of a log that tells a known cause. */
export function logCause(lines: readonly string[]): LogCause | undefined {
  for (const line of [...lines].reverse()) {
    const why = CAUSES.find(([words]) => words.test(line))?.[1];
    if (why) return { why, line };
  }
  return undefined;
}
