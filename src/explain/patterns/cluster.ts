import type { Pattern } from '../pattern.ts';

/** The cluster's own parts: texts of kube-apiserver, Go's crypto/x509, containerd, Rancher's agent and kube-vip. */
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
  {
    problem: 'apiserver-argument-invalid',
    severity: 'critical',
    matches: /\b(?<subject>\w{1,100}) feature requires AuthorizeWithSelectors feature to be enabled/,
    title: { en: 'A feature gate is on whose other half is off', 'zh-CN': '打开了一个 gate，却关闭了它所依赖的另一个' },
    cause: {
      en: 'AuthorizeNodeWithSelectors, on since Kubernetes 1.32, needs AuthorizeWithSelectors. Switch both off (1.32 and 1.33 only), or neither.',
      'zh-CN':
        'AuthorizeNodeWithSelectors 自 Kubernetes 1.32 起默认打开，依赖 AuthorizeWithSelectors。要么两个都关（仅限 1.32、1.33），要么都不关。',
    },
    impact: { en: 'kube-apiserver does not start.', 'zh-CN': 'kube-apiserver 无法启动。' },
    prove:
      'grep -rn feature-gates /etc/rancher/rke2/config.yaml /etc/rancher/rke2/config.yaml.d /etc/kubernetes/manifests',
    fix: {
      en: 'remove both gates from kube-apiserver-arg and restart the service',
      'zh-CN': '从 kube-apiserver-arg 中删除这两个 gate，然后重启服务',
    },
  },
  {
    problem: 'webhook-unready',
    severity: 'critical',
    matches: /failed calling webhook \\*"(?<subject>[^"\\]{1,253})/,
    title: { en: 'The API server got no answer from a webhook', 'zh-CN': 'API server 没有得到某个 webhook 的应答' },
    cause: {
      en: 'It has to ask this webhook (failurePolicy Fail). What comes after the name says why it could not: no endpoints, refused, too slow, a certificate its caBundle does not cover.',
      'zh-CN':
        'API server 必须询问该 webhook（failurePolicy Fail）。名字之后的内容说明原因：没有 endpoints、连接被拒绝、超时、证书与 caBundle 不符。',
    },
    impact: {
      en: 'It refuses every request the webhook is to see, until the webhook answers.',
      'zh-CN': '在 webhook 恢复应答之前，它负责检查的请求都会被拒绝。',
    },
    prove: 'hayward status --only webhook-unready',
    fix: {
      en: 'bring back the Pods behind its Service; for a certificate restart the webhook’s owner',
      'zh-CN': '恢复其 Service 后面的 Pod；证书问题则重启该 webhook 的所有者',
    },
  },
  {
    problem: 'node-unready',
    severity: 'critical',
    matches: /NetworkPluginNotReady|cni plugin not initialized|cni config uninitialized/,
    title: { en: "The node's Pod network is not up", 'zh-CN': '节点的 Pod 网络未就绪' },
    cause: {
      en: 'The container runtime finds no CNI configuration in /etc/cni/net.d: the CNI’s agent has not written it on this node, or cannot start.',
      'zh-CN': '容器运行时在 /etc/cni/net.d 中没有找到 CNI 配置：CNI 的 agent 尚未在本节点写入，或无法启动。',
    },
    impact: {
      en: 'The node is NotReady and starts no Pods but those on the host network.',
      'zh-CN': '节点为 NotReady，只能启动使用主机网络的 Pod。',
    },
    prove: 'ls -l /etc/cni/net.d; crictl ps -a | grep -E "canal|calico|flannel|cilium|multus"',
    fix: {
      en: 'look at the log of the CNI’s Pod on this node, and run hayward doctor',
      'zh-CN': '查看本节点 CNI Pod 的日志，并执行 hayward doctor',
    },
  },
  {
    problem: 'cluster-registration',
    severity: 'warning',
    matches: /ERROR: (?<subject>https:\/\/\S{1,253})\/ping is not accessible/,
    title: { en: 'The cluster agent does not reach its Rancher', 'zh-CN': 'cluster agent 无法访问 Rancher' },
    cause: {
      en: 'What stands in brackets says why. A time-out means lost packets: in VMs of Harvester look at bridge-nf-call-iptables on the hosts first.',
      'zh-CN':
        '括号中的内容说明原因。超时表示丢包：运行在 Harvester 虚拟机中时，先查宿主机的 bridge-nf-call-iptables。',
    },
    impact: { en: 'Rancher shows the cluster as Pending.', 'zh-CN': 'Rancher 显示该集群为 Pending。' },
    prove: 'kubectl -n cattle-system logs deploy/cattle-cluster-agent --tail=50',
    fix: {
      en: 'on the Harvester hosts: hayward doctor --only bridge-netfilter,rp-filter, then hayward fix',
      'zh-CN': '在 Harvester 宿主机上执行 hayward doctor --only bridge-netfilter,rp-filter，再执行 hayward fix',
    },
  },
];
