import type { Pattern } from '../pattern.ts';

/** Addresses of Pods: texts of host-local (containernetworking/plugins), go-iptables and containerd. */
export const LEASE_PATTERNS: readonly Pattern[] = [
  {
    problem: 'cni-range-exhausted',
    severity: 'critical',
    matches: /no IP addresses available in range set: (?<subject>[0-9a-fA-F.:]{2,45}-[0-9a-fA-F.:]{2,45})/,
    title: { en: 'This node has no address left for a Pod', 'zh-CN': '该节点已没有可分配给 Pod 的地址' },
    cause: {
      en: 'Every address of the range has a lease. After a hard power-off the dead sandboxes keep theirs, and nobody takes them back: host-local has no garbage collection, and containerd asks for none.',
      'zh-CN':
        '该范围内的每个地址都有租约。异常断电后，已失效的沙箱仍占着地址，没有任何组件会回收：host-local 没有垃圾回收，containerd 也不会发起。',
    },
    impact: {
      en: 'No new Pod starts on this node; Pods stay in ContainerCreating with FailedCreatePodSandBox. Running Pods are not touched.',
      'zh-CN': '该节点上新 Pod 无法启动，停在 ContainerCreating（FailedCreatePodSandBox）；运行中的 Pod 不受影响。',
    },
    prove: 'hayward leases',
    fix: 'hayward leases reclaim',
  },
  {
    problem: 'cni-lease-leak',
    severity: 'warning',
    matches:
      /(?<subject>[0-9a-fA-F.:]{2,45}) has been allocated to [0-9a-zA-Z_.-]+, duplicate allocation is not allowed/,
    title: { en: 'The same sandbox asks for an address twice', 'zh-CN': '同一个沙箱重复申请地址' },
    cause: {
      en: 'host-local still holds a lease of this very sandbox: an earlier attempt got an address and was not taken back when it failed.',
      'zh-CN': 'host-local 仍保留着该沙箱的租约：此前一次尝试已获得地址，但失败后没有归还。',
    },
    impact: {
      en: 'This sandbox cannot be made; the kubelet tries a new one, and each such failure keeps an address.',
      'zh-CN': '该沙箱无法创建；kubelet 会另建一个，而每次失败都会占住一个地址。',
    },
    prove: 'hayward leases',
    fix: 'hayward leases reclaim',
  },
  {
    problem: 'cni-lease-leak',
    severity: 'warning',
    matches: /exec: "(?<subject>ip6?tables)": executable file not found in \$PATH/,
    title: {
      en: 'The iptables program is missing, and every attempt leaks an address',
      'zh-CN': '缺少 iptables 程序，每次尝试都会泄漏一个地址',
    },
    cause: {
      en: 'portmap comes after the address was given and fails for want of iptables; its way back fails for the same reason, so the address stays taken.',
      'zh-CN': 'portmap 在分配地址之后执行，因缺少 iptables 而失败；回退时同样失败，于是地址一直被占用。',
    },
    impact: {
      en: 'Pods with a hostPort do not start, and after some hundred attempts none does.',
      'zh-CN': '带 hostPort 的 Pod 无法启动；几百次尝试之后，所有 Pod 都无法启动。',
    },
    prove: 'command -v iptables; hayward leases',
    fix: {
      en: 'install the iptables package, then: hayward leases reclaim',
      'zh-CN': '先安装 iptables 软件包，然后执行 hayward leases reclaim',
    },
  },
  {
    problem: 'cni-lease-leak',
    severity: 'warning',
    matches: /failed to destroy network for sandbox \\?"?(?<subject>[0-9a-f]{12,64})/,
    title: { en: 'A sandbox could not give its network back', 'zh-CN': '沙箱未能归还其网络' },
    cause: {
      en: 'CNI DEL failed: one plugin of the chain could not undo its part, and those after it were never asked. When the sandbox is forgotten, its address stays taken.',
      'zh-CN': 'CNI DEL 失败：链中某个插件无法撤销自己的部分，其后的插件没有被调用。沙箱被遗忘后，地址仍被占用。',
    },
    impact: {
      en: 'Each such sandbox may keep an address, until none is left.',
      'zh-CN': '每个这样的沙箱都可能占住一个地址，直到地址耗尽。',
    },
    prove: 'hayward leases',
    fix: 'hayward leases reclaim',
  },
];
