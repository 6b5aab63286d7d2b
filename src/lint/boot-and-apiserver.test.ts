import { describe, expect, it } from 'vitest';
import { troubles } from './testing.ts';

const told = (text: string, kubernetes?: readonly [number, number]) =>
  troubles(text, kubernetes ? { kubernetes } : {}).map(({ problem, status, evidence }) => [
    problem,
    status,
    evidence[0]?.line,
    evidence[0]?.column,
  ]);

/** Harvester v1.4.2's own file, as it was shipped. */
const SHIPPED = `name: "CNI Reset"
stages:
  initramfs:
  - name: "Remove stale CNI leases"
    command:
    - rm -rf /var/lib/cni/networks/k8s-pod-network
`;

describe('cni-reset-ineffective', () => {
  it('is told of at the key that yip does not know', () => {
    expect(told(SHIPPED)).toEqual([['cni-reset-ineffective', 'problem', 5, 5]]);
    expect(troubles(SHIPPED)[0]?.impact).toContain('no IP addresses available');
    expect(told(SHIPPED.replace('command:', 'commands:'))).toEqual([]);
  });

  it('is told of any other command too, without speaking of leases', () => {
    expect(troubles(SHIPPED.replace('rm -rf /var/lib/cni/networks/k8s-pod-network', 'true'))[0]?.impact).not.toContain(
      'Pod',
    );
  });

  it('is found inside a CloudInit object, at its line there', () => {
    const inside = SHIPPED.split('\n').map((line) => `    ${line}`.trimEnd());
    const text = `apiVersion: node.harvesterhci.io/v1beta1\nkind: CloudInit\nmetadata: {name: c}\nspec:\n  filename: 99.yaml\n  contents: |\n${inside.join('\n')}`;
    expect(told(text)).toEqual([['cni-reset-ineffective', 'problem', 11, 9]]);
  });

  it('is no matter of files without stages', () => {
    expect(told('steps:\n- command: [x]\n')).toEqual([]);
  });
});

const RKE2 = (gates: string) =>
  `server: https://10.0.0.1:9345\nkube-apiserver-arg:\n- audit-log-maxage=30\n- feature-gates=${gates}\n`;
const ID = 'apiserver-argument-invalid';

describe('apiserver-argument-invalid', () => {
  it('finds the gate that articles name, in any release', () => {
    const text = RKE2('GracefulNodeShutdown=true,NodeAuthorizerEnablePodSelectors=false');
    expect(told(text)).toEqual([[ID, 'problem', 4, 43]]);
    expect(told(text, [1, 32])).toEqual([[ID, 'problem', 4, 43]]);
  });

  it.each([
    [
      'Rancher’s cluster',
      `kind: Cluster\nspec:\n  kubernetesVersion: v1.34.1+rke2r1\n  rkeConfig:\n    machineGlobalConfig:\n      kube-apiserver-arg: [feature-gates=AuthorizeNodeWithSelectors=false]\n`,
      6,
    ],
    [
      'Rancher’s cluster, for some machines',
      `kind: Cluster\nspec:\n  kubernetesVersion: v1.34.1+rke2r1\n  rkeConfig:\n    machineSelectorConfig:\n    - config:\n        kube-apiserver-arg: feature-gates=AuthorizeNodeWithSelectors=false\n`,
      7,
    ],
    [
      'kubeadm’s map',
      `kind: ClusterConfiguration\nkubernetesVersion: v1.35.0\napiServer:\n  extraArgs:\n    feature-gates: AuthorizeNodeWithSelectors=false\n`,
      5,
    ],
    [
      'kubeadm’s list',
      `kind: ClusterConfiguration\nkubernetesVersion: v1.35.0\napiServer:\n  extraArgs:\n  - name: feature-gates\n    value: AuthorizeNodeWithSelectors=false\n`,
      6,
    ],
    [
      'KubeKey’s cluster',
      `kind: Cluster\nspec:\n  kubernetes:\n    version: v1.34.0\n    apiserverArgs:\n    - feature-gates=AuthorizeNodeWithSelectors=false\n`,
      6,
    ],
    [
      'a static Pod',
      `kind: Pod\nspec:\n  containers:\n  - name: kube-apiserver\n    image: registry.k8s.io/kube-apiserver:v1.34.2\n    command:\n    - kube-apiserver\n    - --feature-gates=AuthorizeNodeWithSelectors=false\n`,
      8,
    ],
  ])('finds a locked gate in %s, by the release that stands there', (_what, text, line) => {
    expect(told(text).map(([id, status, at]) => [id, status, at])).toEqual([[ID, 'problem', line]]);
    expect(told(text.replace(/v1\.3[45]/, 'v1.33'))).toEqual([]);
  });

  it('says both where the release is not known', () => {
    const [one] = troubles(RKE2('AuthorizeNodeWithSelectors=false'));
    expect(one).toMatchObject({ status: 'unknown', severity: 'warning', evidence: [{ line: 4 }] });
    expect(one?.unknown?.detail).toMatch(/1\.34.*1\.31 to 1\.33.*--kubernetes-version/);
    expect(told(RKE2('AuthorizeNodeWithSelectors=true'))).toEqual([]);
  });
});

describe('manifest-invalid', () => {
  it('says in plain digits how many nodes a bomb of aliases stands for', () => {
    const lines = ['a: &a [0,0,0,0,0,0,0,0,0,0]'];
    for (const [at, name] of [...'bcdef'].entries()) {
      lines.push(`${name}: &${name} [${Array(10).fill(`*${'abcde'[at]}`).join(',')}]`);
    }
    expect(troubles(`${lines.join('\n')}\n`)).toMatchObject([
      { cause: expect.stringMatching(/ 1,\d{3},\d{3} nodes:/) },
    ]);
  });

  it.each<[string, object]>([
    ['kind: K\nmetadata:\n  labels: {a: true}\n', { line: 3, column: 15 }],
    ['kind: K\nmetadata:\n  labels: {a: on}\n', { line: 3, column: 15 }],
    ['kind: K\nmetadata:\n  annotations:\n    a: 7\n', { line: 4, column: 8 }],
    ['kind: K\nmetadata:\n  annotations:\n    a: {b: c}\n', { line: 4, column: 8 }],
    ['kind: K\nmetadata:\n  labels: [a]\n', { line: 3, column: 11 }],
    ['kind: K\nmetadata: 7\n', { line: 2, column: 11 }],
    [
      'apiVersion: k8s.cni.cncf.io/v1\nkind: NetworkAttachmentDefinition\nmetadata: {name: m}\nspec:\n  config: {type: macvlan}\n',
      { line: 5, column: 11 },
    ],
  ])('%j: a value of the wrong type', (text, place) => {
    expect(troubles(text)).toMatchObject([{ problem: 'manifest-invalid', severity: 'critical', evidence: [place] }]);
  });

  it.each([
    'kind: K\nmetadata:\n  labels:\n',
    'kind: K\nmetadata:\n  labels: {a: }\n',
    "kind: K\nmetadata:\n  labels: {a: 'on'}\n",
    'a: 1\n',
    '',
  ])('%j is in order', (text) => {
    expect(troubles(text)).toEqual([]);
  });
});
