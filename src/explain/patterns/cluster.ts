import type { Pattern } from '../pattern.ts';

/** The cluster's own parts: texts of kube-apiserver, Go's crypto/x509 and kube-vip. */
export const CLUSTER_PATTERNS: readonly Pattern[] = [
  {
    problem: 'apiserver-argument-invalid',
    severity: 'critical',
    matches: /unrecognized feature gate: (?<subject>\w+)/,
    title: { en: 'A feature gate is set that does not exist', 'zh-CN': '设置了不存在的 feature gate' },
    cause: {
      en: 'A Kubernetes program refuses to start with a gate it does not know. NodeAuthorizerEnablePodSelectors, which articles name, never existed; the real ones are AuthorizeWithSelectors and AuthorizeNodeWithSelectors.',
      'zh-CN':
        'Kubernetes 程序遇到不认识的 gate 会拒绝启动。文章里常见的 NodeAuthorizerEnablePodSelectors 从未存在；真正的是 AuthorizeWithSelectors 和 AuthorizeNodeWithSelectors。',
    },
    impact: {
      en: 'It does not start; without kube-apiserver nothing in the cluster changes any more.',
      'zh-CN': '该程序无法启动；没有 kube-apiserver，整个集群都无法变更。',
    },
    prove:
      'grep -rn feature-gates /etc/rancher/rke2/config.yaml /etc/rancher/rke2/config.yaml.d /etc/kubernetes/manifests',
    fix: {
      en: 'remove the gate from kube-apiserver-arg and restart the service',
      'zh-CN': '从 kube-apiserver-arg 中删除该 gate，然后重启服务',
    },
  },
  {
    problem: 'apiserver-argument-invalid',
    severity: 'critical',
    matches: /cannot set feature gate (?<subject>\w+) to \w+, feature is locked to \w+/,
    title: {
      en: 'A feature gate is set that can no longer be switched',
      'zh-CN': '设置了已锁定、无法切换的 feature gate',
    },
    cause: {
      en: 'The feature is general by now and its gate locked: setting it to the other value stops the start. AuthorizeNodeWithSelectors is locked from Kubernetes 1.34 on.',
      'zh-CN':
        '该特性已 GA，gate 被锁定：设为另一个值会导致无法启动。AuthorizeNodeWithSelectors 自 Kubernetes 1.34 起锁定。',
    },
    impact: { en: 'kube-apiserver does not start after the upgrade.', 'zh-CN': '升级后 kube-apiserver 无法启动。' },
    prove:
      'grep -rn feature-gates /etc/rancher/rke2/config.yaml /etc/rancher/rke2/config.yaml.d /etc/kubernetes/manifests',
    fix: {
      en: 'remove the gate from kube-apiserver-arg and restart the service',
      'zh-CN': '从 kube-apiserver-arg 中删除该 gate，然后重启服务',
    },
  },
  {
    problem: 'node-authorization',
    severity: 'warning',
    matches:
      /User "system:node:(?<subject>[^"]{1,253})" cannot (?:list|watch|get) resource|can only list\/watch pods with spec\.nodeName field selector|cannot read all nodes, only its own Node object/,
    title: { en: "A node's own identity was refused a look at the cluster", 'zh-CN': '节点自身的身份被拒绝查看集群' },
    cause: {
      en: 'Since Kubernetes 1.32 a kubelet may list only the Pods of its own node (AuthorizeNodeWithSelectors). Something uses the kubelet’s kubeconfig for more than that.',
      'zh-CN':
        '自 Kubernetes 1.32 起，kubelet 只能列出本节点的 Pod（AuthorizeNodeWithSelectors）。有程序拿 kubelet 的 kubeconfig 做了更多的事。',
    },
    impact: {
      en: 'Consoles and scripts that take "Forbidden" for "not ready" show a healthy node as NotReady.',
      'zh-CN': '把 “Forbidden” 当成“未就绪”的控制台和脚本会把健康的节点显示为 NotReady。',
    },
    prove: 'kubectl --kubeconfig /var/lib/rancher/rke2/agent/kubelet.kubeconfig get node "$(hostname)"',
    fix: {
      en: 'ask with an identity that may (an administrator’s kubeconfig), not with the kubelet’s',
      'zh-CN': '改用有权限的身份（管理员的 kubeconfig）查询，而不是 kubelet 的',
    },
  },
  {
    problem: 'clock-skew',
    severity: 'critical',
    matches: /certificate has expired or is not yet valid: current time (?<subject>\S{10,40}) is before/,
    title: { en: "The node's clock is behind", 'zh-CN': '节点时钟落后' },
    cause: {
      en: 'A certificate is not valid yet by this clock: it runs behind, as after a power-off with a dead battery.',
      'zh-CN': '按该时钟，证书尚未生效：时钟落后，常见于电池失效后断电重启。',
    },
    impact: {
      en: 'TLS fails in both directions: the node cannot join or reach the API server.',
      'zh-CN': 'TLS 双向失败：节点无法加入集群或访问 API server。',
    },
    prove: 'date -u; timedatectl show -p NTPSynchronized',
    fix: {
      en: 'set the clock by NTP (systemctl restart systemd-timesyncd or chronyd)',
      'zh-CN': '通过 NTP 校准时钟（systemctl restart systemd-timesyncd 或 chronyd）',
    },
  },
  {
    problem: 'certificate-expiring',
    severity: 'critical',
    matches: /certificate has expired or is not yet valid: current time (?<subject>\S{10,40}) is after/,
    title: { en: 'A certificate has expired', 'zh-CN': '证书已过期' },
    cause: {
      en: 'A certificate’s end has passed, by this node’s clock: RKE2 and k3s renew theirs only when the service starts, in the last months before the end.',
      'zh-CN': '按本节点时钟，证书已过有效期：RKE2 与 k3s 只在到期前数月内的服务启动时续期。',
    },
    impact: {
      en: 'Whoever checks it refuses the connection: kubelet, kubectl, webhooks.',
      'zh-CN': '校验方会拒绝连接：kubelet、kubectl、webhook。',
    },
    prove: 'date -u; for f in /var/lib/rancher/rke2/server/tls/*.crt; do openssl x509 -noout -enddate -in "$f"; done',
    fix: {
      en: 'check the clock first; then restart rke2-server, which renews',
      'zh-CN': '先核对时钟，再重启 rke2-server，由其续期',
    },
  },
  {
    problem: 'port-conflict',
    severity: 'warning',
    matches: /listen tcp (?<subject>\S{0,60}:2112): bind: address already in use/,
    title: {
      en: 'Port 2112 is taken: kube-vip wants it for its metrics',
      'zh-CN': '2112 端口被占用：kube-vip 需要它提供指标',
    },
    cause: {
      en: 'Something else on the node listens on 2112. kube-vip before 0.9.2 ends over it, later ones go on without metrics.',
      'zh-CN': '节点上有其他程序监听 2112。kube-vip 0.9.2 之前会因此退出，之后的版本只是没有指标。',
    },
    impact: {
      en: 'On Harvester v1.5 and v1.6 kube-vip restarts over and over, and the management address with it.',
      'zh-CN': '在 Harvester v1.5、v1.6 上 kube-vip 会反复重启，管理地址随之不可用。',
    },
    prove: "ss -ltnp 'sport = :2112'",
    fix: {
      en: 'move the other listener, or set kube-vip’s prometheus_server to another port',
      'zh-CN': '移走另一个监听者，或将 kube-vip 的 prometheus_server 改为其他端口',
    },
  },
];
