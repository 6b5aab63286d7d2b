import type { Bilingual } from '../lang.ts';
import type { Kind } from './matrix.ts';
import type { Place } from './places.ts';
import type { Claim, Only } from './stands-out.ts';

export const KIND_WORDS: Readonly<Record<Kind, Bilingual>> = {
  pod: { en: 'Pod to Pod', 'zh-CN': 'Pod 到 Pod' },
  service: { en: 'Services', 'zh-CN': 'Service' },
  nodeport: { en: 'NodePorts', 'zh-CN': 'NodePort' },
  dns: { en: 'DNS', 'zh-CN': 'DNS' },
};

/** What of a place was lost, as a sentence without its full stop. */
export function titleOf({ layer, place, only, lost }: Claim): Bilingual {
  const { en, 'zh-CN': zh } = placeWords(layer, place, lost.length);
  const { en: restriction, 'zh-CN': restrictionZh } = onlyWords(only);
  return { en: en + (restriction && `: ${restriction}`), 'zh-CN': zh + (restrictionZh && `：${restrictionZh}`) };
}

/** `only full-size packets of UDP`; empty where it is everything. */
export function onlyWords({ size, protocol }: Only): Bilingual {
  const name = protocol?.toUpperCase();
  if (size === undefined)
    return name === undefined ? { en: '', 'zh-CN': '' } : { en: `only ${name}`, 'zh-CN': `仅 ${name}` };
  const [en, zh] = size === 'full' ? ['full-size packets', '满 MTU 的包'] : ['small packets', '小包'];
  if (name === undefined) return { en: `only ${en}`, 'zh-CN': `仅${zh}` };
  return { en: `only ${en} of ${name}`, 'zh-CN': `仅 ${name} 的${zh}` };
}

function placeWords(layer: Kind, place: Place, lost: number): Bilingual {
  switch (layer) {
    case 'pod':
      return podWords(place, lost);
    case 'service':
      return serviceWords(place, lost);
    case 'nodeport':
      return nodeportWords(place, lost);
    case 'dns':
      return dnsWords(place, lost);
  }
}

function podWords(place: Place, lost: number): Bilingual {
  if ('from' in place) {
    const { from: a, to: b } = place;
    return place.where === 'between'
      ? { en: `Pods on ${a} and on ${b} do not reach each other`, 'zh-CN': `${a} 与 ${b} 上的 Pod 互不可达` }
      : { en: `Pods on ${a} do not reach those on ${b}`, 'zh-CN': `${a} 上的 Pod 无法到达 ${b} 上的 Pod` };
  }
  const node = 'node' in place ? place.node : '';
  switch (place.where) {
    case 'everywhere':
      return { en: 'No Pod reaches another, on any node', 'zh-CN': '任何节点上的 Pod 都互不可达' };
    case 'across':
      return { en: 'Pods reach no Pod of another node', 'zh-CN': 'Pod 无法到达其他节点上的 Pod' };
    case 'node':
      return {
        en: `${node} carries no traffic of Pods, not even inside itself`,
        'zh-CN': `${node} 不转发任何 Pod 流量，节点内部也不通`,
      };
    case 'cut-off':
      return {
        en: `Pods on ${node} and on all other nodes do not reach each other`,
        'zh-CN': `${node} 上的 Pod 与其他所有节点上的 Pod 互不可达`,
      };
    case 'into':
      return { en: `Pods on ${node} are reached from no other node`, 'zh-CN': `其他节点都无法到达 ${node} 上的 Pod` };
    case 'out-of':
      return { en: `Pods on ${node} reach no other node's`, 'zh-CN': `${node} 上的 Pod 无法到达其他节点上的 Pod` };
    case 'inside':
      return { en: `Pods on ${node} do not reach each other`, 'zh-CN': `${node} 内部的 Pod 互不可达` };
    default:
      return withoutPlace(KIND_WORDS.pod, place, lost);
  }
}

function serviceWords(place: Place, lost: number): Bilingual {
  if ('from' in place) {
    const { from: a, to: b } = place;
    return place.where === 'between'
      ? { en: `Services do not answer between ${a} and ${b}`, 'zh-CN': `${a} 与 ${b} 之间的 Service 无应答` }
      : {
          en: `A Service with its Pod on ${b} does not answer on ${a}`,
          'zh-CN': `Pod 位于 ${b} 的 Service 在 ${a} 上无应答`,
        };
  }
  const node = 'node' in place ? place.node : '';
  switch (place.where) {
    case 'everywhere':
      return { en: 'No Service answers, on any node', 'zh-CN': '任何节点上的 Service 都无应答' };
    case 'across':
      return {
        en: 'Services answer only where their Pod is on the same node',
        'zh-CN': '仅当 Pod 在同一节点时 Service 才应答',
      };
    case 'node':
      return {
        en: `Services fail on ${node}, and those with their Pod there`,
        'zh-CN': `${node} 上的 Service 以及 Pod 位于其上的 Service 均无应答`,
      };
    case 'cut-off':
      return {
        en: `Services do not answer between ${node} and all other nodes`,
        'zh-CN': `${node} 与其他所有节点之间的 Service 无应答`,
      };
    case 'into':
      return {
        en: `Services with their Pod on ${node} answer on no other node`,
        'zh-CN': `Pod 位于 ${node} 的 Service 在其他节点上无应答`,
      };
    case 'out-of':
      return {
        en: `On ${node} no Service answers whose Pod is on another node`,
        'zh-CN': `在 ${node} 上，Pod 位于其他节点的 Service 无应答`,
      };
    case 'inside':
      return {
        en: `On ${node} Services of its own Pods do not answer`,
        'zh-CN': `在 ${node} 上，本节点 Pod 的 Service 无应答`,
      };
    default:
      return withoutPlace(KIND_WORDS.service, place, lost);
  }
}

function nodeportWords(place: Place, lost: number): Bilingual {
  if ('from' in place) {
    const { from: a, to: b } = place;
    return place.where === 'between'
      ? { en: `NodePorts do not answer between ${a} and ${b}`, 'zh-CN': `${a} 与 ${b} 之间的 NodePort 无应答` }
      : { en: `NodePorts of ${b} do not answer Pods on ${a}`, 'zh-CN': `${b} 的 NodePort 不应答 ${a} 上的 Pod` };
  }
  const node = 'node' in place ? place.node : '';
  switch (place.where) {
    case 'everywhere':
      return { en: 'No NodePort answers, on any node', 'zh-CN': '任何节点上的 NodePort 都无应答' };
    case 'local-only':
      return { en: "NodePorts answer only on the Pod's node", 'zh-CN': 'NodePort 仅在 Pod 所在节点应答' };
    case 'through':
      return {
        en: `NodePorts of ${node} answer only for Pods on ${node} itself`,
        'zh-CN': `${node} 的 NodePort 仅对本节点上的 Pod 应答`,
      };
    case 'relay':
      return {
        en: `NodePorts of ${node} answer other nodes only for Pods on ${node} itself`,
        'zh-CN': `对其他节点的访问，${node} 的 NodePort 仅对本节点上的 Pod 应答`,
      };
    case 'entry':
      return { en: `No NodePort answers on ${node}`, 'zh-CN': `${node} 上没有 NodePort 应答` };
    case 'node':
      return {
        en: `NodePorts fail on ${node}, and for its Pods`,
        'zh-CN': `${node} 上的 NodePort 无应答，其 Pod 也无法访问 NodePort`,
      };
    case 'cut-off':
      return {
        en: `NodePorts do not answer between ${node} and all other nodes`,
        'zh-CN': `${node} 与其他所有节点之间的 NodePort 无应答`,
      };
    case 'into':
      return {
        en: `NodePorts of ${node} answer no other node's Pods`,
        'zh-CN': `${node} 的 NodePort 不应答其他节点上的 Pod`,
      };
    case 'out-of':
      return {
        en: `Pods on ${node} reach no other node's NodePorts`,
        'zh-CN': `${node} 上的 Pod 无法访问其他节点的 NodePort`,
      };
    case 'inside':
      return {
        en: `Pods on ${node} do not reach its own NodePorts`,
        'zh-CN': `${node} 上的 Pod 无法访问本节点的 NodePort`,
      };
    default:
      return withoutPlace(KIND_WORDS.nodeport, place, lost);
  }
}

function dnsWords(place: Place, lost: number): Bilingual {
  switch (place.where) {
    case 'everywhere':
      return { en: 'DNS answers on no node', 'zh-CN': '任何节点上 DNS 都无应答' };
    case 'out-of':
      return { en: `Pods on ${place.node} get no answer from DNS`, 'zh-CN': `${place.node} 上的 Pod 得不到 DNS 应答` };
    case 'server':
      return {
        en: `The DNS server ${place.server} answers no node`,
        'zh-CN': `DNS 服务器 ${place.server} 不应答任何节点`,
      };
    case 'asking':
      return {
        en: `Pods on ${place.node} get no answer from the DNS server ${place.server}`,
        'zh-CN': `${place.node} 上的 Pod 得不到 DNS 服务器 ${place.server} 的应答`,
      };
    default:
      return withoutPlace(KIND_WORDS.dns, place, lost);
  }
}

function withoutPlace({ en, 'zh-CN': zh }: Bilingual, { where }: Place, lost: number): Bilingual {
  return where === 'more'
    ? {
        en: `${en}: ${lost} more lost, at further nodes or between them`,
        'zh-CN': `${zh}：另有 ${lost} 次丢失，在其他节点或其间`,
      }
    : { en: `${en}: ${lost} lost, with no pattern`, 'zh-CN': `${zh}：丢失 ${lost} 次，无规律` };
}
