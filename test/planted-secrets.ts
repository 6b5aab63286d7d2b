/** A text as a node may hold it, and what of it must never leave the node. */
export interface Planted {
  readonly kind: string;
  readonly text: string;
  readonly secrets: readonly string[];
  /** What a judgement may need of it. */
  readonly keeps?: readonly string[];
  /** The text is YAML, and has to stay that. */
  readonly yaml?: true;
}

/** Built up of pieces, so that no scanner takes this file for a leak. */
const KEY_LINE = `MIIEvQIBADANBgkqhkiG9w0BAQEFAASC${'Bv7qXk29'.repeat(4)}`;
const PEM = (what: string) => `-----BEGIN ${what}-----\n${KEY_LINE}\n${KEY_LINE}\n-----END ${what}-----`;
const HEX = 'd41d8cd98f00b204e9800998ecf8427e'.repeat(2);
const CRYPT = `$6$rounds=4096$saltsalt$${'Qx9.zZ/'.repeat(10)}`;
const JWT = `eyJ${'hbGciOiJSUzI1NiJ9'}.eyJ${'zdWIiOiJzeXN0ZW06c2EifQ'}.${'c2lnbmF0dXJlc2lnbmF0dXJl'}`;
const B64KEY = `${'q7Lk0Zr3'.repeat(5)}Ab9=`;

export const PLANTED: readonly Planted[] = [
  {
    kind: "a container's environment",
    yaml: true,
    text: 'env:\n- name: DB_PASSWORD\n  value: hunter-two\n- name: MTU\n  value: "1450"\n- value: first-value\n  name: API_TOKEN\n- name: TLS_SECRET\n  value: |\n    block-value\n- name: LAST\n  value: kept\n',
    secrets: ['hunter-two', 'first-value', 'block-value'],
    keeps: ['"1450"', 'value: kept'],
  },
  {
    kind: 'an environment in JSON',
    yaml: true,
    text: '{"env":[{"name":"DB_PASSWORD","value":"hunter-two"},{"name":"MTU","value":"1450"}]}',
    secrets: ['hunter-two'],
    keeps: ['"1450"'],
  },
  {
    kind: 'chat rooms',
    text: 'webhook_url: https://hooks.slack.com/services/T00/B00/XyZ123\ncurl https://oapi.dingtalk.com/robot/send?access_token=d1ngt0ken -d x\nnotify https://open.feishu.cn/open-apis/bot/v2/hook/aaaa-bbbb\n',
    secrets: ['XyZ123', 'd1ngt0ken', 'aaaa-bbbb'],
    keeps: ['-d x'],
  },
  {
    kind: 'services in words',
    text: 'requirepass r3dispass\nrocommunity publ1c\nbindpw l4ppass\nrootpw: r00tpass\n',
    secrets: ['r3dispass', 'publ1c', 'l4ppass', 'r00tpass'],
  },
  {
    kind: 'an RKE2 token of words',
    yaml: true,
    text: 'server: https://10.0.0.1:9345\ntoken: correct horse battery # join\ncni: canal\n',
    secrets: ['correct', 'battery'],
    keeps: ['cni: canal', '# join'],
  },
  { kind: 'an RKE2 full token', yaml: true, text: `agent-token: K10${HEX}::server:${HEX}\n`, secrets: [HEX] },
  {
    kind: 'a full token in a log line',
    text: `joining with K10${HEX}::node:abc123 now`,
    secrets: [HEX, 'abc123'],
    keeps: ['now'],
  },
  {
    kind: 'a datastore endpoint',
    yaml: true,
    text: 'datastore-endpoint: postgres://k3s:Pg-Pass/1@db:5432/k3s\n',
    secrets: ['Pg-Pass'],
    keeps: ['db:5432/k3s'],
  },
  {
    kind: 'a datastore endpoint of MySQL',
    text: 'datastore-endpoint=mysql://root:My@Pass@tcp(db:3306)/k3s',
    secrets: ['My@Pass', 'Pass'],
    keeps: ['tcp(db:3306)/k3s'],
  },
  {
    kind: 'a password in a proxy URL',
    text: 'Environment="HTTPS_PROXY=http://corp\\\\me:pr0xyp4ss@proxy:3128" "NO_PROXY=10.0.0.0/8"',
    secrets: ['pr0xyp4ss'],
    keeps: ['proxy:3128', 'NO_PROXY=10.0.0.0/8'],
  },
  {
    kind: 'a token alone before a host',
    text: 'git clone https://0123456789abcdefghij@git.example/x',
    secrets: ['0123456789abcdefghij'],
    keeps: ['git.example/x'],
  },
  {
    kind: "a kubeconfig's key",
    yaml: true,
    text: `users:\n- name: a\n  user:\n    client-key-data: ${Buffer.from(PEM('EC PRIVATE KEY')).toString('base64')}\n    client-certificate-data: Q0VSVA==\n`,
    secrets: [Buffer.from(PEM('EC PRIVATE KEY')).toString('base64').slice(10, 60)],
    keeps: ['client-certificate-data: Q0VSVA=='],
  },
  { kind: "a kubeconfig's token", yaml: true, text: `user:\n  token: ${JWT}\n`, secrets: [JWT] },
  { kind: 'a service account token in a log', text: `got ${JWT} from API`, secrets: [JWT], keeps: ['from API'] },
  { kind: 'a PEM private key', text: `${PEM('RSA PRIVATE KEY')}\nafter\n`, secrets: [KEY_LINE], keeps: ['after'] },
  {
    kind: 'an OpenSSH key in a cloud-init file',
    yaml: true,
    text: `write_files:\n- path: /root/.ssh/id\n  content: |\n    ${PEM('OPENSSH PRIVATE KEY').replaceAll('\n', '\n    ')}\n- path: /etc/x\n`,
    secrets: [KEY_LINE],
    keeps: ['/etc/x'],
  },
  { kind: 'a PEM key cut off', text: `-----BEGIN PRIVATE KEY-----\n${KEY_LINE}\n${KEY_LINE}`, secrets: [KEY_LINE] },
  {
    kind: 'a Google service account',
    yaml: true,
    text: JSON.stringify({
      type: 'service_account',
      private_key_id: HEX,
      private_key: PEM('PRIVATE KEY'),
      project_id: 'p-1',
    }),
    secrets: [KEY_LINE, HEX],
    keeps: ['p-1'],
  },
  {
    kind: 'a private key in base64',
    yaml: true,
    text: `tls-key: ${Buffer.from(PEM('PRIVATE KEY')).toString('base64')}\n`,
    secrets: [
      Buffer.from(KEY_LINE).toString('base64').slice(4, 40),
      Buffer.from(PEM('PRIVATE KEY')).toString('base64').slice(50, 100),
    ],
  },
  {
    kind: 'a bearer header',
    text: "ExecStart=/usr/bin/curl -H 'Authorization: Bearer abcd.efgh-1234' https://x/",
    secrets: ['abcd.efgh-1234'],
    keeps: ['https://x/'],
  },
  {
    kind: 'a basic header',
    text: 'headers: {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="}',
    secrets: ['dXNlcjpwYXNzd29yZA'],
  },
  { kind: 'a vault header', text: 'curl -H "X-Vault-Token: hvs-simple-word" http://v', secrets: ['hvs-simple-word'] },
  {
    kind: 'AWS keys',
    text: `aws_access_key_id = AKIA${'IOSFODNN7EXAMPLE'}\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPx${'RfiCYEXAMPLEKEY'}\nregion = eu-1\n`,
    secrets: ['IOSFODNN7', 'wJalrXUtnFEMI', 'RfiCYEX'],
    keeps: ['region = eu-1'],
  },
  {
    kind: 'Alibaba Cloud keys',
    yaml: true,
    text: `accessKeyId: LTAI${'5tExampleKeyId00'}\naccessKeySecret: Abc123SecretSecretSecret\nregionId: cn-hangzhou\n`,
    secrets: ['5tExampleKeyId00', 'Abc123Secret'],
    keeps: ['cn-hangzhou'],
  },
  {
    kind: 'an Azure connection string',
    text: 'AZURE_STORAGE_CONNECTION_STRING="DefaultEndpointsProtocol=https;AccountName=a;AccountKey=Zm9vYmFyYmF6cXV4=="',
    secrets: ['Zm9vYmFyYmF6'],
  },
  {
    kind: 'a signed URL',
    text: 'wget "https://b.example/o?sv=2022&sig=AbC%2Fdef123&se=2030"',
    secrets: ['AbC%2Fdef123'],
    keeps: ['sv=2022', 'se=2030'],
  },
  {
    kind: 'a GitHub and a GitLab token',
    text: `ghp_${'A1b2C3d4'.repeat(5)} glpat-${'x9Y8z7W6'.repeat(3)}`,
    secrets: ['A1b2C3d4', 'x9Y8z7W6'],
  },
  {
    kind: "Harvester's own configuration",
    yaml: true,
    text: `scheme_version: 1\ntoken: 'it''s a token'\nos:\n  hostname: node-1\n  password: "${CRYPT}"\n  sshauthorizedkeys:\n  - ssh-ed25519 AAAA me\ninstall:\n  mode: create\n  vip: 10.0.0.100\n  webhooks:\n  - event: STARTED\n    basicauth:\n      user: ci\n      password: ci-pass\n`,
    secrets: ['a token', 'saltsalt', 'Qx9.zZ', 'ci-pass'],
    keeps: ['hostname: node-1', 'vip: 10.0.0.100', 'user: ci'],
  },
  {
    kind: 'a password in the clear',
    yaml: true,
    text: 'password: 123456\nport: 22\n',
    secrets: ['123456'],
    keeps: ['port: 22'],
  },
  {
    kind: 'a password hash',
    text: `root:${CRYPT}:19000:0:99999:7:::`,
    secrets: ['saltsalt', 'Qx9.zZ'],
    keeps: ['root:'],
  },
  {
    kind: "cloud-init's users",
    yaml: true,
    text: `users:\n- name: rancher\n  passwd: plain-word\n  lock_passwd: false\nchpasswd:\n  expire: false\n  list: |\n    root:roots-pass\n    rancher:her-pass\nruncmd:\n- sysctl -w net.ipv4.ip_forward=1\n`,
    secrets: ['plain-word', 'roots-pass', 'her-pass'],
    keeps: ['ip_forward=1', 'expire: false'],
  },
  {
    kind: 'a password echoed into chpasswd',
    text: "  - echo 'rancher:p@ss!w0rd' | chpasswd",
    secrets: ['p@ss!w0rd'],
    keeps: ['| chpasswd'],
  },
  {
    kind: 'a stage of yip',
    yaml: true,
    text: `stages:\n  initramfs:\n  - name: users\n    users:\n      rancher:\n        passwd: ${CRYPT}\n    commands:\n    - modprobe br_netfilter\n    environment:\n      K3S_TOKEN: abc-def-ghi\n`,
    secrets: ['saltsalt', 'abc-def-ghi'],
    keeps: ['modprobe br_netfilter'],
  },
  {
    kind: 'registries.yaml',
    yaml: true,
    text: 'configs:\n  reg.example:5000:\n    auth:\n      username: puller\n      password: "pull pass"\n      auth: cHVsbGVyOnB1bGwgcGFzcw==\n    tls:\n      key_file: /etc/key\n',
    secrets: ['pull pass', 'cHVsbGVyOnB1'],
    keeps: ['username: puller', 'key_file: /etc/key'],
  },
  {
    kind: 'a docker configuration',
    yaml: true,
    text: '{"auths":{"r.example":{"auth":"dXNlcjpwYXNzd29yZDEyMw=="}},"credsStore":"x"}',
    secrets: ['dXNlcjpwYXNz'],
    keeps: ['r.example'],
  },
  {
    kind: 'a bootstrap token',
    text: 'kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:00ff',
    secrets: ['0123456789abcdef'],
    keeps: ['sha256:00ff', '10.0.0.1:6443'],
  },
  {
    kind: 'a WireGuard key',
    text: `[Interface]\nPrivateKey = ${B64KEY}\nListenPort = 51820\n[Peer]\nPresharedKey=${B64KEY}\n`,
    secrets: ['q7Lk0Zr3'],
    keeps: ['ListenPort = 51820'],
  },
  {
    kind: 'encryption at rest',
    yaml: true,
    text: `providers:\n- aescbc:\n    keys:\n    - name: key1\n      secret: ${B64KEY}\n- identity: {}\n`,
    secrets: ['q7Lk0Zr3'],
    keeps: ['name: key1'],
  },
  {
    kind: 'a Secret in a manifest',
    yaml: true,
    text: 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  username: root\n  anything: open sesame\n  blob: |\n    line one\n    line two\n---\nkind: ConfigMap\ndata:\n  mtu: "1450"\n',
    secrets: ['open sesame', 'line one', 'line two'],
    keeps: ['mtu: "1450"', 'name: a'],
  },
  {
    kind: 'a Secret in JSON',
    yaml: true,
    text: '{"apiVersion":"v1","kind":"Secret","data":{"x":"b3BlbiBzZXNhbWU="},"metadata":{"name":"n"}}',
    secrets: ['b3BlbiBzZXNh'],
    keeps: ['"name":"n"'],
  },
  {
    kind: "a unit's environment",
    text: 'Environment=K3S_TOKEN=abc123def FOO=bar\nEnvironment="DB_PASSWORD=two words" X=1\nExecStart=/usr/local/bin/k3s server --token t0k3n-value --write-kubeconfig-mode 644\n',
    secrets: ['abc123def', 'two words', 't0k3n-value'],
    keeps: ['FOO=bar', '--write-kubeconfig-mode 644', 'X=1'],
  },
  {
    kind: 'arguments, one an item',
    yaml: true,
    text: 'args:\n- --token\n- abc123def\n- --node-ip\n- 10.0.0.1\ncommand: ["agent", "--password", "hush hush", "--v", "2"]\n',
    secrets: ['abc123def', 'hush'],
    keeps: ['10.0.0.1'],
  },
  {
    kind: 'a list of tokens',
    yaml: true,
    text: 'tokens:\n- first-one\n- second-one\nnames:\n- a\n',
    secrets: ['first-one', 'second-one'],
    keeps: ['- a'],
  },
  {
    kind: 'a token in block style',
    yaml: true,
    text: 'token: >-\n  fold-one\n  fold-two\ncni: none\n',
    secrets: ['fold-one', 'fold-two'],
    keeps: ['cni: none'],
  },
  {
    kind: 'a quoted secret of several lines',
    yaml: true,
    text: 'token: "first part\n  second part"\ncni: none\n',
    secrets: ['first part', 'second part'],
    keeps: ['cni: none'],
  },
  {
    kind: "KubeKey's hosts",
    yaml: true,
    text: 'spec:\n  hosts:\n  - {name: node1, address: 10.0.0.1, user: ubuntu, password: "Qcloud@123", arch: amd64}\n  - {name: node2, address: 10.0.0.2, password: Plain@word, user: root}\n',
    secrets: ['Qcloud@123', 'Plain@word'],
    keeps: ['address: 10.0.0.2', 'user: root', 'arch: amd64'],
  },
  {
    kind: 'iSCSI CHAP',
    text: 'node.session.auth.username = me\nnode.session.auth.password = chap-secret-12\n',
    secrets: ['chap-secret'],
    keeps: ['username = me'],
  },
  {
    kind: 'keepalived',
    text: '    authentication {\n        auth_type PASS\n        auth_pass 1111abcd\n    }\n',
    secrets: ['1111abcd'],
    keeps: ['auth_type PASS'],
  },
  {
    kind: 'a BGP neighbour',
    text: ' neighbor 10.0.0.1 remote-as 65000\n neighbor 10.0.0.1 password s3cr3tbgp\n',
    secrets: ['s3cr3tbgp'],
    keeps: ['remote-as 65000'],
  },
  { kind: 'IPsec', text: '10.0.0.1 10.0.0.2 : PSK "very secret"\n', secrets: ['very secret'] },
  {
    kind: 'Wi-Fi',
    text: 'network={\n\tssid="x"\n\tpsk="correct horse"\n}\n',
    secrets: ['correct horse'],
    keeps: ['ssid="x"'],
  },
  {
    kind: 'curl with a user',
    text: 'curl -sfL -u admin:s3cr3t https://x/y',
    secrets: ['s3cr3t'],
    keeps: ['https://x/y'],
  },
  { kind: 'sshpass', text: 'sshpass -p "two words" ssh root@h', secrets: ['two words'], keeps: ['ssh root@h'] },
  {
    kind: "Rancher's API token",
    text: 'CATTLE_TOKEN_HINT x token-abc12:'.concat('k8d9f7g6h5'.repeat(6)),
    secrets: ['k8d9f7g6h5'],
  },
  {
    kind: 'an escaped JSON in a file',
    yaml: true,
    text: `annotation: "{\\"token\\":\\"esc4ped-secret\\",\\"mtu\\":1450}"\n`,
    secrets: ['esc4ped-secret'],
    keeps: ['mtu'],
  },
  {
    kind: 'a netrc',
    text: 'machine x.example login me password hush-hush\n',
    secrets: ['hush-hush'],
    keeps: ['login me'],
  },
];
