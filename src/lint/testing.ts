import type { Finding } from '../judging/finding.ts';
import { type LintFinding, lint, type Wanted } from './lint.ts';
import { sightOf } from './sight.ts';

/** Judges texts as files by their names, in English. For tests. */
export function lintTexts(
  texts: Readonly<Record<string, string>>,
  wanted: Partial<Wanted> = {},
): readonly LintFinding[] {
  return lint(sightOfTexts(texts), { lang: 'en', ...wanted });
}

export function sightOfTexts(texts: Readonly<Record<string, string>>) {
  return sightOf(Object.entries(texts).map(([name, text]) => ({ name, bytes: Buffer.from(text) })));
}

/** What was found of one file: problems and unknowns, but no notes. */
export function troubles(text: string, wanted: Partial<Wanted> = {}): readonly Finding[] {
  return lintTexts({ 'f.yaml': text }, wanted)
    .map(({ finding }) => finding)
    .filter(({ status, severity }) => (status === 'problem' || status === 'unknown') && severity !== 'info');
}

/** A VM network, as the incident had it, by what differs. */
export function network(more: {
  readonly name?: string;
  readonly namespace?: string;
  /** The annotation; undefined: none. */
  readonly route?: string | undefined;
  readonly annotations?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly config?: object | string;
}): string {
  const { name = 'vlan2011', namespace = 'harvester-public', route, annotations = '', config = {} } = more;
  const labels = {
    'network.harvesterhci.io/clusternetwork': 'extra',
    'network.harvesterhci.io/type': 'L2VlanNetwork',
    'network.harvesterhci.io/vlan-id': '2011',
    ...more.labels,
  };
  const whole = {
    cniVersion: '0.3.1',
    name,
    type: 'bridge',
    bridge: 'extra-br',
    promiscMode: true,
    vlan: 2011,
    ipam: {},
  };
  const text = typeof config === 'string' ? config : JSON.stringify({ ...whole, ...config });
  const own = route === undefined ? '' : `    network.harvesterhci.io/route: '${route}'\n`;
  return `apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata:
  annotations:
    field.cattle.io/description: the tenants
${annotations}${own}  name: ${name}
  namespace: ${namespace}
  labels:
${Object.entries(labels)
  .filter(([, value]) => value !== '')
  .map(([key, value]) => `    ${key}: "${value}"\n`)
  .join('')}spec:
  config: '${text}'
`;
}
