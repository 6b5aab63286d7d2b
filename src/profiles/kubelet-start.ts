import type { Resetter } from './profile.ts';

/** What a kubelet run as a service of its own writes at every start; in RKE2 and k3s it is part of theirs. */
export const KUBELET_START: readonly Resetter[] = [
  {
    unit: 'kubelet.service',
    key: 'vm/overcommit_memory',
    value: '1',
    reason: {
      en: 'The kubelet writes 1 at every start (pkg/kubelet/cm, setupKernelTunables)',
      'zh-CN': 'kubelet 每次启动都会写入 1（pkg/kubelet/cm 的 setupKernelTunables）',
    },
  },
];
