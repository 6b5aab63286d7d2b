import type { Pattern } from '../pattern.ts';

/** Settings, modules and rules of a node: texts of the kernel, kubeadm, kube-proxy, flannel and iptables. */
export const SETTING_PATTERNS: readonly Pattern[] = [
  {
    problem: 'ip-forward',
    severity: 'critical',
    matches: /\/proc\/sys\/net\/(?<subject>ipv4\/ip_forward|ipv6\/conf\/default\/forwarding) contents are not set to 1/,
    title: { en: 'The node does not forward packets', 'zh-CN': '该节点未开启转发' },
    cause: {
      en: "kubeadm's look before an installation found forwarding off.",
      'zh-CN': 'kubeadm 的安装前检查发现转发未开启。',
    },
    impact: {
      en: 'Packets between Pods, nodes and the world are lost on this node; NodePorts answer nothing.',
      'zh-CN': '经过该节点的 Pod、节点与外部之间的报文会丢失；NodePort 无响应。',
    },
    prove: 'cat /proc/sys/net/ipv4/ip_forward',
    fix: 'hayward fix ip-forward',
  },
  {
    problem: 'bridge-netfilter',
    severity: 'warning',
    matches: /\/proc\/sys\/net\/bridge\/(?<subject>bridge-nf-call-ip6?tables) contents are not set to 1/,
    title: { en: 'Bridged frames are not filtered', 'zh-CN': '桥接帧不经过 netfilter' },
    cause: {
      en: "kubeadm's look before an installation wants 1. Whether 1 is right hangs on what is bridged here: virtual machines want 0, a bridge CNI wants 1 on its own bridge.",
      'zh-CN':
        'kubeadm 的安装前检查要求其为 1。是否该为 1 取决于网桥上跑的是什么：虚拟机需要 0，网桥型 CNI 只需要自己的网桥为 1。',
    },
    impact: {
      en: 'Services whose Pod is on the same bridge do not answer; the other way round, VMs lose their traffic.',
      'zh-CN': '同一网桥上的 Pod 通过 Service 互访无响应；反之则是虚拟机丢失流量。',
    },
    prove: 'hayward doctor --only bridge-netfilter',
    fix: 'hayward fix bridge-netfilter',
  },
  {
    problem: 'kernel-modules',
    severity: 'critical',
    matches:
      /\/proc\/sys\/net\/bridge\/bridge-nf-call-ip6?tables(?: does not exist|"?: [Nn]o such file or directory)|filtering via arp\/ip\/ip6tables is no longer available by default/,
    title: { en: 'The kernel module br_netfilter is not loaded', 'zh-CN': '内核模块 br_netfilter 未加载' },
    cause: {
      en: 'The settings below /proc/sys/net/bridge exist only while br_netfilter is loaded.',
      'zh-CN': '/proc/sys/net/bridge 下的设置仅在 br_netfilter 加载后才存在。',
    },
    impact: {
      en: 'flannel and kubeadm stop with an error; bridged frames bypass the Service rules.',
      'zh-CN': 'flannel、kubeadm 会报错退出；桥接帧会绕过 Service 规则。',
    },
    prove: 'grep -w ^br_netfilter /proc/modules; hayward doctor --only kernel-modules',
    fix: 'hayward fix kernel-modules',
  },
  {
    problem: 'kernel-modules',
    severity: 'critical',
    matches:
      /[Cc]an't use the IPVS proxier|IPVS proxier will not be used because the following required kernel modules are not loaded/,
    title: { en: 'kube-proxy cannot use IPVS', 'zh-CN': 'kube-proxy 无法使用 IPVS' },
    cause: {
      en: 'Modules of IPVS (ip_vs, ip_vs_rr, …) are not in the kernel, or nothing loaded them at boot.',
      'zh-CN': '内核缺少 IPVS 模块（ip_vs、ip_vs_rr 等），或开机时没有任何程序加载它们。',
    },
    impact: {
      en: 'kube-proxy falls back to iptables or stops: Services answer differently than before the reboot.',
      'zh-CN': 'kube-proxy 会退回 iptables 或退出：Service 的行为与重启前不同。',
    },
    prove: 'grep ^ip_vs /proc/modules; hayward doctor --only kernel-modules',
    fix: 'hayward fix kernel-modules',
  },
  {
    problem: 'rp-filter',
    severity: 'warning',
    matches: /martian source \S+ from \S+,? on dev (?<subject>\S+)/,
    title: { en: 'The kernel drops packets as martians', 'zh-CN': '内核将报文作为 martian 丢弃' },
    cause: {
      en: 'Strict reverse-path filtering: the way back to the sender does not lead out of the interface on which the packet came in.',
      'zh-CN': '严格的反向路径过滤：到发送方的回程不经过收到该报文的接口。',
    },
    impact: {
      en: 'Traffic that comes in by one interface and would leave by another is lost, without any other trace.',
      'zh-CN': '从一个接口进、从另一个接口出的流量会丢失，且没有其他痕迹。',
    },
    prove: 'hayward doctor --only rp-filter',
    fix: 'hayward fix rp-filter',
  },
  {
    problem: 'iptables-backends',
    severity: 'warning',
    matches: /iptables-legacy tables present, use (?<subject>ip6?tables)-legacy to see them/,
    title: { en: 'There are rules in both backends of iptables', 'zh-CN': 'iptables 的两个后端都有规则' },
    cause: {
      en: 'Some programs wrote legacy tables and others nf_tables. The kernel runs both; each tool shows its own alone.',
      'zh-CN': '有的程序写入 legacy 表，有的写入 nf_tables。内核两者都执行，而每个工具只显示自己的部分。',
    },
    impact: {
      en: 'A rule nobody sees may drop traffic; a reboot clears the stale half, so that "it works after a reboot".',
      'zh-CN': '看不见的规则可能丢弃流量；重启会清除残留的一半，于是“重启后就好了”。',
    },
    prove: 'iptables-legacy-save | grep -c ^-A; iptables-nft-save | grep -c ^-A',
    fix: {
      en: 'hayward doctor tells which half is stale; docs/problems/iptables-backends.md, how it goes',
      'zh-CN': 'hayward doctor 会指出哪一半是残留；清除方法见 docs/problems/iptables-backends.zh-CN.md',
    },
  },
];
