import { isScalar } from 'yaml';
import { KEYS } from '../../harvester/names.ts';
import { isRoute, type RouteFault, readRoute } from '../../harvester/route.ts';
import type { Bilingual } from '../../lang.ts';
import { type Entry, entryAt, isText, placeInside, placeOf } from '../../manifests/manifest.ts';
import { defineRule, evidenceAt, type Verdict } from '../rule.ts';
import { type NetworkManifest, subjectOf } from '../sight.ts';

type Facts = RouteFault | { readonly kind: 'not-text' };

const SOURCE = `metadata.annotations["${KEYS.route}"]`;
const SHOWN = 200;

function judge(one: NetworkManifest): readonly Verdict<Facts>[] {
  const { manifest } = one;
  const entry = entryAt(manifest, ['metadata', 'annotations', KEYS.route]);
  if (!entry?.value || (isScalar(entry.value) && entry.value.value === null)) return [];
  if (!isText(entry.value)) return [found(one, entry, { kind: 'not-text' })];
  const text = entry.value.value;
  if (!isRoute(text)) return [];
  const read = readRoute(text);
  if (read.ok) {
    const evidence = [{ source: SOURCE, value: text.slice(0, SHOWN) }];
    return [{ file: manifest.file.name, judgement: { status: 'ok', subject: subjectOf(manifest), evidence } }];
  }
  return read.faults.map((fault) => found(one, entry, fault));
}

function found({ manifest }: NetworkManifest, entry: Entry, facts: Facts): Verdict<Facts> {
  const file = manifest.file.name;
  const node = entry.node ?? entry.key;
  const text = isText(node) ? node.value : undefined;
  const index = text === undefined ? undefined : indexOf(facts, text);
  const place = isText(node) && index !== undefined ? placeInside(manifest, node, index) : placeOf(manifest, node);
  const value = text === undefined ? 'not a text' : text.trim().slice(0, SHOWN);
  const evidence = [evidenceAt(file, place, { source: SOURCE, value, wanted: WANTED[facts.kind] })];
  return { file, judgement: { status: 'problem', severity: 'warning', subject: subjectOf(manifest), facts, evidence } };
}

/** Where in the annotation's text it is. */
function indexOf(fault: Facts, text: string): number | undefined {
  if (fault.kind === 'not-json') return fault.at;
  const value = 'gateway' in fault ? fault.gateway : 'value' in fault ? fault.value : undefined;
  const at = value === undefined ? -1 : text.indexOf(JSON.stringify(value));
  return at < 0 ? undefined : at;
}

const MANUAL = '{"mode":"manual","cidr":"192.168.100.0/24","gateway":"192.168.100.1"}';
const WANTED: Readonly<Record<Facts['kind'], string>> = {
  'not-text': `JSON as a text: '{"mode":"auto"}'`,
  'not-json': 'JSON: {"mode":"auto"}',
  'not-an-object': '{"mode":"auto"}',
  'wrong-type': MANUAL,
  mode: 'auto or manual',
  'does-nothing': '{"mode":"auto"}',
  missing: MANUAL,
  address: 'an IP address; for cidr with its prefix length',
  'mask-zero': 'a prefix length above 0',
  'gateway-outside': 'a gateway inside the CIDR',
  'gateway-is': 'a host address of the CIDR',
  'outdated-by-hand': '"outdated" left out',
};

const CAUSES: { readonly [K in Facts['kind']]: (fault: Extract<Facts, { kind: K }>) => Bilingual } = {
  'not-text': () => ({
    en: 'The annotation is no text: its JSON must stand in quotes, else YAML reads it as a map, which no API server takes.',
    'zh-CN': '注解不是文本：JSON 需要加引号，否则 YAML 会把它读成映射，API server 不接受。',
  }),
  'not-json': ({ message }) => ({
    en: `The annotation is not JSON: ${message}.`,
    'zh-CN': `注解不是 JSON：${message}。`,
  }),
  'not-an-object': () => ({
    en: 'The annotation is JSON, but not an object in braces.',
    'zh-CN': '注解是 JSON，但不是花括号括起的对象。',
  }),
  'wrong-type': ({ field, wanted }) => ({
    en: `${field} must be ${wanted}.`,
    'zh-CN': `${field} 必须是${wanted === 'text' ? '文本' : ' true 或 false'}。`,
  }),
  mode: ({ value }) => ({
    en: `There is no mode ${JSON.stringify(value)}: it is auto (DHCP is asked) or manual (cidr and gateway are given).`,
    'zh-CN': `没有 ${JSON.stringify(value)} 这种 mode：只能是 auto（通过 DHCP 获取）或 manual（给出 cidr 与 gateway）。`,
  }),
  'does-nothing': () => ({
    en: 'It names neither a mode nor both cidr and gateway: nothing asks DHCP and nothing pings.',
    'zh-CN': '既没有 mode，也没有完整的 cidr 与 gateway：不会请求 DHCP，也不会 ping。',
  }),
  missing: ({ field }) => ({
    en: `Mode manual needs ${field}.`,
    'zh-CN': `manual 模式需要 ${field}。`,
  }),
  address: ({ field, value }) => ({
    en: `${field} ${JSON.stringify(value)} is no ${field === 'cidr' ? 'network such as 192.168.100.0/24' : 'IP address'}.`,
    'zh-CN': `${field} ${JSON.stringify(value)} 不是${field === 'cidr' ? '形如 192.168.100.0/24 的网段' : ' IP 地址'}。`,
  }),
  'mask-zero': ({ value }) => ({
    en: `The CIDR ${value} holds every address; Harvester refuses a prefix length of 0.`,
    'zh-CN': `CIDR ${value} 包含所有地址；Harvester 不接受长度为 0 的前缀。`,
  }),
  'gateway-outside': ({ gateway, cidr }) => ({
    en: `The gateway ${gateway} lies outside ${cidr}: no VM of that network can reach it.`,
    'zh-CN': `网关 ${gateway} 不在 ${cidr} 内：该网络中的虚拟机无法到达它。`,
  }),
  'gateway-is': ({ gateway, cidr, what }) => ({
    en: `The gateway ${gateway} is the ${what} address of ${cidr}; no host can have it.`,
    'zh-CN': `网关 ${gateway} 是 ${cidr} 的${what === 'network' ? '网络' : '广播'}地址，不能分配给主机。`,
  }),
  'outdated-by-hand': () => ({
    en: '"outdated" is the controller’s own mark; outside mode auto nothing clears it, and an outdated route is not pinged.',
    'zh-CN': '“outdated” 是控制器自己的标记；在 auto 以外的模式下不会被清除，而过时的 route 不会被 ping。',
  }),
};

/** A route annotation that Harvester refuses, or takes though it cannot work. */
export const vmNetworkRouteInvalid = defineRule<Facts>({
  id: 'vm-network-route-invalid',
  title: { en: 'VM network: what the route says', 'zh-CN': '虚拟机网络：route 的内容' },
  check: ({ networks }) => networks.flatMap(judge),
  explain: (facts) => ({
    title: { en: "The VM network's route is wrong", 'zh-CN': '虚拟机网络的 route 注解有误' },
    cause: (CAUSES[facts.kind] as (fault: Facts) => Bilingual)(facts),
    impact: {
      en: "Harvester's webhook refuses the network when it is applied, or takes it and the network never turns Active.",
      'zh-CN': '应用时会被 Harvester 的 webhook 拒绝；即使被接受，网络也永远不会变为 Active。',
    },
  }),
});
