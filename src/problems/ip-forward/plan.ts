import type { Parts } from '../../judging/problem.ts';
import type { Profile } from '../../profiles/profile.ts';
import { durable } from '../../remedies/persist/durable.ts';
import type { Remedy } from '../../remedies/remedy.ts';
import type { Step } from '../../remedies/step.ts';
import type { ForwardFacts } from './words.ts';

type Needed = Parts<'routes' | 'sysctl' | 'units' | 'os' | 'udevRules' | 'moduleFiles' | 'harvester'>;

/**
 * Turns the switch on. An IPv6 host that forwards stops listening to router advertisements unless accept_ra is 2
 * (Documentation/networking/ip-sysctl.rst): where the default route comes by one, accept_ra goes first and the
 * step counts as disruptive.
 */
export function planForwarding(
  { family, key, link }: ForwardFacts,
  parts: Needed,
  profile: Profile,
): readonly Remedy[] {
  const advertised = family === 'ipv6' ? advertisedLinks(parts) : [];
  const settings = [
    ...advertised.map((link) => ({ key: `net/ipv6/conf/${link}/accept_ra`, value: '2' })),
    { key, value: '1' },
  ];
  const steps = settings.map((setting): Step => ({ kind: 'setting', ...setting }));
  const now: Remedy = {
    id: 'forward',
    summary: { en: 'Forward packets', 'zh-CN': '打开转发' },
    risk: advertised.length > 0 ? 'disruptive' : 'low',
    scope: 'now',
    steps,
    ...(family === 'ipv4' && {
      probe: { kind: 'forwarding', asymmetric: false, ...(link !== undefined && { like: link }) },
    }),
    ...(advertised.length > 0 && { interfaces: advertised, disrupts: disrupts(advertised.join(', ')) }),
  };
  return [now, ...durable({ settings }, 'ip-forward', profile, parts)];
}

function disrupts(links: string): NonNullable<Remedy['disrupts']> {
  return {
    en: `the IPv6 default route on ${links} comes by router advertisement and may be relearned`,
    'zh-CN': `${links} 上的 IPv6 默认路由来自路由通告，可能需要重新学习`,
  };
}

/** Interfaces whose IPv6 default route was learned from a router advertisement and that would stop listening. */
function advertisedLinks(parts: Needed): string[] {
  return advertisedBy(parts.routes).filter((link) => {
    const acceptRa = parts.sysctl.get(`net/ipv6/conf/${link}/accept_ra`);
    return !acceptRa.known || acceptRa.value !== '2';
  });
}

/** Interfaces by which the IPv6 default route was learned from a router advertisement. */
export function advertisedBy(routes: Needed['routes']): string[] {
  const links = (routes.known ? routes.value : [])
    .filter((route) => route.family === 'ipv6' && route.destination === '::/0' && route.protocol === 'ra')
    .flatMap((route) => route.nextHops.flatMap((hop) => (hop.link === undefined ? [] : [hop.link])));
  return [...new Set(links)];
}
