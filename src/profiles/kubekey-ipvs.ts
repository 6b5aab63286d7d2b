import { OVERLAY } from './k3s-start.ts';
import { KUBEKEY_SETTINGS } from './kubekey-settings.ts';
import { KUBELET_START } from './kubelet-start.ts';
import type { Profile } from './profile.ts';

const BALANCER = {
  en: 'kube-proxy in ipvs mode balances with it; without it kube-proxy falls back to iptables or stops',
  'zh-CN': 'kube-proxy 的 ipvs 模式用它做负载均衡；缺少时 kube-proxy 会退回 iptables 或无法启动',
};

/**
 * A node KubeKey (3.x or 4.x) prepared, with kube-proxy in ipvs mode, its default. 3.x writes the modules' names for
 * the next boot and then overwrites the file with nf_conntrack alone, so the modules are wanted whatever the file says.
 */
export const kubekeyIpvs: Profile = {
  name: 'kubekey-ipvs',
  title: { en: 'KubeKey with kube-proxy in ipvs mode', 'zh-CN': 'KubeKey（kube-proxy ipvs 模式）' },
  kubernetes: true,
  wants: KUBEKEY_SETTINGS,
  modules: [
    {
      name: 'br_netfilter',
      reason: {
        en: 'KubeKey loads it: without it net.bridge.bridge-nf-call-iptables does not exist and a bridge CNI loses hair-pinned Services',
        'zh-CN':
          'KubeKey 会加载它：缺少时 net.bridge.bridge-nf-call-iptables 不存在，网桥型 CNI 的同网桥 Service 访问会失败',
      },
    },
    OVERLAY,
    { name: 'ip_vs', reason: BALANCER },
    { name: 'ip_vs_rr', reason: BALANCER },
    { name: 'ip_vs_wrr', reason: BALANCER },
    { name: 'ip_vs_sh', reason: BALANCER },
    {
      name: 'nf_conntrack',
      reason: {
        en: 'IPVS masquerades NodePort connections through connection tracking; without it replies go astray',
        'zh-CN': 'IPVS 借助连接跟踪对 NodePort 连接做 SNAT；缺少时回包无法返回',
      },
    },
    {
      name: 'ip_set',
      reason: {
        en: 'kube-proxy’s ipvs mode keeps its Services in ipsets; KubeKey installs the tool but does not load the module',
        'zh-CN': 'kube-proxy 的 ipvs 模式把 Service 存入 ipset；KubeKey 只安装工具，不加载该模块',
      },
    },
  ],
  bridgeNetfilter: 'on',
  persistence: 'etc',
  resetters: KUBELET_START,
  proxyMode: 'ipvs',
};
