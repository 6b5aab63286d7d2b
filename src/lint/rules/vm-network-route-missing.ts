import { KEYS } from '../../harvester/names.ts';
import { isRoute, writeRoute } from '../../harvester/route.ts';
import { type NoRouteNeeded, noRouteNeeded } from '../../harvester/vm-network.ts';
import { addAnnotation } from '../../manifests/edit.ts';
import { entryAt, placeOf } from '../../manifests/manifest.ts';
import { defineRule, evidenceAt, type Verdict } from '../rule.ts';
import { type NetworkManifest, subjectOf } from '../sight.ts';

type Facts = 'never-asked' | 'untagged';

/** Why no route is needed, for the reader of a report. */
const WHY: Readonly<Record<Exclude<NoRouteNeeded, 'untagged'>, string>> = {
  storage: "Harvester's storage network has no route",
  rwx: "Harvester's RWX network has no route",
  trunk: 'a trunk has no single network behind it',
  overlay: 'kube-ovn routes an overlay network itself',
  isolated: `declared isolated (${KEYS.isolated})`,
};

const ROUTE = writeRoute({ mode: 'auto' });

function judge({ manifest, network }: NetworkManifest): Verdict<Facts> {
  const file = manifest.file.name;
  const subject = subjectOf(manifest);
  const annotation = network.annotations.get(KEYS.route);
  const own = entryAt(manifest, ['metadata', 'annotations', KEYS.route]);
  if (isRoute(annotation) || (own?.value && annotation === undefined)) {
    return { file, judgement: { status: 'ok', subject, evidence: [] } };
  }
  const why = noRouteNeeded(network);
  if (why && why !== 'untagged') {
    return { file, judgement: { status: 'not-applicable', subject, why: WHY[why], evidence: [] } };
  }
  const at = own?.key ?? entryAt(manifest, ['metadata', 'annotations'])?.key ?? entryAt(manifest, ['metadata'])?.key;
  const seen = { source: `metadata.annotations["${KEYS.route}"]`, value: own ? '""' : 'absent' };
  const place = placeOf(manifest, at ?? manifest.map);
  if (why === 'untagged') {
    const evidence = [evidenceAt(file, place, seen)];
    return { file, judgement: { status: 'problem', severity: 'info', subject, facts: 'untagged', evidence } };
  }
  const edit = addAnnotation(manifest, KEYS.route, ROUTE);
  const evidence = [evidenceAt(file, place, { ...seen, wanted: '{"mode":"auto"}' })];
  return {
    file,
    judgement: { status: 'problem', severity: 'warning', subject, facts: 'never-asked', evidence },
    ...(edit && {
      repair: {
        summary: {
          en: `add the annotation ${KEYS.route}: ${ROUTE}`,
          'zh-CN': `添加注解 ${KEYS.route}: ${ROUTE}`,
        },
        edits: [edit],
      },
    }),
  };
}

/** A VM network of which nothing will ever ask whether it is connected. */
export const vmNetworkRouteMissing = defineRule<Facts>({
  id: 'vm-network-route-missing',
  title: { en: 'VM network: the route annotation', 'zh-CN': '虚拟机网络：route 注解' },
  check: ({ networks }) => networks.map(judge),
  explain: (facts) =>
    facts === 'untagged'
      ? {
          title: {
            en: 'An untagged network has no connectivity state in Harvester',
            'zh-CN': 'Harvester 不显示 untagged 网络的连通状态',
          },
          cause: {
            en: 'Harvester asks DHCP and pings for networks with a VLAN alone; for an untagged one it would not even with a route.',
            'zh-CN': 'Harvester 只对带 VLAN 的网络请求 DHCP 和 ping；untagged 网络即使有 route 注解也不会检查。',
          },
          impact: {
            en: 'Nothing breaks; its state stays empty.',
            'zh-CN': '没有影响，只是状态为空。',
          },
        }
      : {
          title: {
            en: 'The VM network has no route, so it will never turn Active',
            'zh-CN': '虚拟机网络没有 route 注解，永远不会变为 Active',
          },
          cause: {
            en: `Harvester's UI adds the annotation ${KEYS.route}; a manifest has to bring it. Without it nothing asks DHCP for CIDR and gateway, and nothing pings.`,
            'zh-CN': `Harvester 界面会添加注解 ${KEYS.route}，而清单必须自带。没有它，就不会通过 DHCP 获取 CIDR 和网关，也不会 ping 网关。`,
          },
          impact: {
            en: `The network's connectivity stays empty and never turns Active; what waits for it (automation, load balancers' IP pools) waits for ever. A network without a gateway on purpose says so: ${KEYS.isolated}: "true".`,
            'zh-CN': `网络的连通状态一直为空，永远不会变为 Active；等待它的自动化、负载均衡 IP 池会一直等下去。有意不设网关的网络请注明：${KEYS.isolated}: "true"。`,
          },
        },
});
