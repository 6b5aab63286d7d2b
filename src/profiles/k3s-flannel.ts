import { k3s } from './k3s.ts';
import type { Profile } from './profile.ts';

/**
 * k3s with its own flannel: Pods are ports of the bridge cni0, so the reply of a Service whose Pod is on the asking
 * Pod's node stays on that bridge and is only translated back where its frames are filtered. Where a bridge with
 * virtual machines stands beside it, cni0's own switch does instead of the one all bridges share.
 */
export const k3sFlannel: Profile = {
  ...k3s,
  name: 'k3s-flannel',
  title: { en: 'k3s with flannel', 'zh-CN': 'k3s（flannel 网络）' },
  bridgeNetfilter: 'on',
};
