import type { Bilingual } from '../lang.ts';
import type { Want } from './profile.ts';

function is(key: string, value: string, reason: Bilingual): Want {
  return { key, value, compare: 'is', reason };
}

function atLeast(key: string, value: string, reason: Bilingual): Want {
  return { key, value, compare: 'at-least', reason };
}

const QUEUES: Bilingual = {
  en: 'Room for bursts: shorter queues and buffers drop packets or connections under load',
  'zh-CN': '为突发流量留出余量：队列和缓冲区过小，高负载时会丢包或拒绝连接',
};
const NEIGHBOURS: Bilingual = {
  en: 'Every Pod on the wire is a neighbour; a table that is full drops packets with “neighbour table overflow”',
  'zh-CN': '每个 Pod 都会占用邻居表项；表满后报 “neighbour table overflow” 并丢包',
};
const TIME_WAIT: Bilingual = {
  en: 'Closed and orphaned connections of many Pods are kept side by side; beyond the limit the kernel cuts them off',
  'zh-CN': '大量 Pod 的已关闭连接和孤儿连接同时存在；超出上限后内核会直接切断',
};
const KEEPALIVE: Bilingual = {
  en: 'Idle connections through IPVS are noticed before its 15 minutes of idleness end them (KubeKey 3.x; 4.x leaves it out)',
  'zh-CN': '让经过 IPVS 的空闲连接在 15 分钟空闲超时之前得到探测（KubeKey 3.x 设置；4.x 不再设置）',
};
const REVERSE_PATH: Bilingual = {
  en: 'KubeKey 3.1 writes 0, for strict filtering lost replies that took another way; KubeKey 4 went back to 1 (strict). Whether strict hurts on this node is judged by its paths',
  'zh-CN':
    'KubeKey 3.1 写入 0，因为严格模式会丢弃走其他路径的回包；KubeKey 4 又改回 1（严格模式）。严格模式在本节点是否有害，由实际路径判断',
};
const ARP_ACCEPT: Bilingual = {
  en: 'A gratuitous ARP makes a new entry, so that an address that moved (a VIP, a load balancer) is found at once',
  'zh-CN': '收到免费 ARP 即建立表项，VIP 或负载均衡地址迁移后可立即找到',
};
const ARP_IGNORE: Bilingual = {
  en: 'The Service addresses on kube-ipvs0 stand on every node: with 0 each node answers ARP for all of them',
  'zh-CN': '每个节点的 kube-ipvs0 上都有 Service 地址：为 0 时所有节点都会应答这些地址的 ARP',
};
const WATCHES: Bilingual = {
  en: 'Kubelets, log collectors and applications watch files by the thousand; beyond the limit they fail with “too many open files”',
  'zh-CN': 'kubelet、日志采集和应用会监视大量文件；超限后报 “too many open files”',
};
const STALLS: Bilingual = {
  en: 'A processor or task that hangs is reported after seconds, not minutes',
  'zh-CN': 'CPU 或任务卡死时，数秒内即可上报，而不是数分钟',
};

/**
 * KubeKey's own table (cmd/kk/pkg/bootstrap/os/templates/init_script.go of 3.x, builtin/core/roles/native/init of 4.x),
 * as the script leaves /etc/sysctl.conf in the end: later lines of it rewrite fs.inotify.max_user_watches to 524288.
 * net.bridge.* is not here, for bridges are judged by topology.
 */
export const KUBEKEY_SETTINGS: readonly Want[] = [
  is('net/ipv4/ip_forward', '1', {
    en: 'IPVS hands a NodePort connection on to a Pod of another node and must forward the reply: with 0 InPkts rise and OutPkts stay 0',
    'zh-CN': 'IPVS 把 NodePort 连接转给其他节点的 Pod，回包也要由本节点转发：为 0 时 InPkts 增长而 OutPkts 恒为 0',
  }),
  is('net/ipv4/ip_local_reserved_ports', '30000-32767', {
    en: 'The NodePort range: outgoing connections must not take a port a Service listens on',
    'zh-CN': 'NodePort 端口段：避免主动外连占用 Service 的监听端口',
  }),
  is('net/ipv4/conf/all/rp_filter', '0', REVERSE_PATH),
  is('net/ipv4/conf/default/rp_filter', '0', REVERSE_PATH),
  is('net/ipv4/conf/all/arp_accept', '1', ARP_ACCEPT),
  is('net/ipv4/conf/default/arp_accept', '1', ARP_ACCEPT),
  is('net/ipv4/conf/all/arp_ignore', '1', ARP_IGNORE),
  is('net/ipv4/conf/default/arp_ignore', '1', ARP_IGNORE),
  atLeast('net/core/netdev_max_backlog', '65535', QUEUES),
  atLeast('net/core/rmem_max', '33554432', QUEUES),
  atLeast('net/core/wmem_max', '33554432', QUEUES),
  atLeast('net/core/somaxconn', '32768', QUEUES),
  atLeast('net/ipv4/tcp_max_syn_backlog', '1048576', QUEUES),
  atLeast('net/ipv4/udp_rmem_min', '131072', QUEUES),
  atLeast('net/ipv4/udp_wmem_min', '131072', QUEUES),
  atLeast('net/ipv4/neigh/default/gc_thresh1', '512', NEIGHBOURS),
  atLeast('net/ipv4/neigh/default/gc_thresh2', '2048', NEIGHBOURS),
  atLeast('net/ipv4/neigh/default/gc_thresh3', '4096', NEIGHBOURS),
  atLeast('net/ipv4/tcp_max_tw_buckets', '1048576', TIME_WAIT),
  atLeast('net/ipv4/tcp_max_orphans', '65535', TIME_WAIT),
  is('net/ipv4/tcp_retries2', '15', {
    en: 'The kernel’s own default, written again: a connection survives an outage of about 15 minutes',
    'zh-CN': '即内核默认值：连接可承受约 15 分钟的中断',
  }),
  is('net/ipv4/tcp_keepalive_time', '600', KEEPALIVE),
  is('net/ipv4/tcp_keepalive_intvl', '30', KEEPALIVE),
  is('net/ipv4/tcp_keepalive_probes', '10', KEEPALIVE),
  atLeast('vm/max_map_count', '262144', {
    en: 'Elasticsearch and OpenSearch refuse to start below it',
    'zh-CN': '低于该值时 Elasticsearch、OpenSearch 拒绝启动',
  }),
  is('vm/swappiness', '0', {
    en: 'KubeKey turns swap off; 3.1 writes 0, some 4.x releases 1',
    'zh-CN': 'KubeKey 会关闭 swap；3.1 写入 0，部分 4.x 版本写入 1',
  }),
  is('vm/overcommit_memory', '1', {
    en: 'KubeKey’s script leaves 0 in the file, yet the kubelet writes 1 at every start: 1 is what a running node has',
    'zh-CN': 'KubeKey 脚本最终在文件里留下 0，但 kubelet 每次启动都会写入 1：运行中的节点应为 1',
  }),
  atLeast('fs/inotify/max_user_instances', '524288', WATCHES),
  atLeast('fs/inotify/max_user_watches', '524288', WATCHES),
  atLeast('fs/pipe-max-size', '4194304', {
    en: 'Lets programs ask for larger pipes',
    'zh-CN': '允许程序申请更大的管道缓冲区',
  }),
  atLeast('fs/aio-max-nr', '262144', {
    en: 'Databases reserve asynchronous requests by the ten thousand',
    'zh-CN': '数据库会预留上万个异步 I/O 请求',
  }),
  atLeast('kernel/pid_max', '65535', {
    en: 'Process ids for all containers of the node; 3.1 writes 65535, later releases 4194304',
    'zh-CN': '节点上所有容器共用的进程号上限；3.1 写入 65535，之后的版本写入 4194304',
  }),
  is('kernel/watchdog_thresh', '5', STALLS),
  is('kernel/hung_task_timeout_secs', '5', STALLS),
];
