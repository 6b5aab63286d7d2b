import { describe, expect, it } from 'vitest';
import { carriedOut, found, holdings, type LiteralNode, unmet } from '../../../test/holding.ts';
import { address, bridge, link, netfilterWith, route, seen } from '../../../test/parts.ts';
import { unknown } from '../../hosts/reading.ts';
import { generic } from '../../profiles/generic.ts';
import { harvester } from '../../profiles/harvester.ts';
import { kubekeyIpvs } from '../../profiles/kubekey-ipvs.ts';
import type { Profile } from '../../profiles/profile.ts';
import type { Kubernetes } from '../../snapshot/kubernetes.ts';
import { parseIptablesSave } from '../../snapshot/netfilter/iptables-save.ts';
import type { Unit } from '../../snapshot/units.ts';
import { bridgeNetfilter } from '../bridge-netfilter.ts';

const GLOBAL = 'net/bridge/bridge-nf-call-iptables';
const GLOBAL6 = 'net/bridge/bridge-nf-call-ip6tables';
const SHARED = 'net.bridge.bridge-nf-call-iptables';

/** FORWARD drops but for Pods; a Service leads to a Pod on cni0. */
const RULES = (policy: string) => `*filter
:FORWARD ${policy} [0:0]
-A FORWARD -s 10.42.0.0/16 -j ACCEPT
-A FORWARD -d 10.42.0.0/16 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -d 10.43.0.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.42.0.3:8080
COMMIT`;

function ruleset(text: string, family: 'ipv4' | 'ipv6') {
  return seen(parseIptablesSave(text, { family, backend: 'legacy', source: 'iptables-save' }));
}
function netfilterOf(policy: string) {
  return netfilterWith(ruleset(RULES(policy), 'ipv4'), ruleset(`*filter\n:FORWARD ${policy} [0:0]\nCOMMIT`, 'ipv6'));
}
const NETFILTER = { DROP: netfilterOf('DROP'), ACCEPT: netfilterOf('ACCEPT') };

const KUBERNETES: Kubernetes = {
  distributions: [],
  complete: true,
  version: seen('RKE2 v1.31.5+rke2r1'),
  proxyMode: seen('iptables'),
  podCidrs: seen(['10.42.0.0/16']),
  serviceCidrs: seen([]),
  strictArp: seen(false),
};

interface State {
  readonly global: '0' | '1' | 'absent';
  readonly br0?: boolean;
  readonly cni0?: boolean;
  readonly docker0?: boolean;
  readonly policy?: 'DROP' | 'ACCEPT';
  readonly global6?: '0' | '1';
}

function ports(name: string) {
  return [1, 2].map((nth) => link(`${name}p${nth}`, { kind: 'veth', master: name }));
}

/** Bridges are there where their own switch is said. */
function node(
  { global, policy = 'DROP', global6 = '0', ...own }: State,
  parts: LiteralNode['parts'] = {},
): LiteralNode {
  const bridges = (['br0', 'cni0', 'docker0'] as const).flatMap((name) => {
    const on = own[name];
    return on === undefined ? [] : [bridge(name, { nfCallIptables: on }), ...ports(name)];
  });
  return {
    settings: global === 'absent' ? {} : { [GLOBAL]: global, [GLOBAL6]: global6 },
    links: bridges,
    parts: {
      addresses: seen([address('br0', '10.77.0.1/24'), address('cni0', '10.42.0.1/24')]),
      neighbours: seen([]),
      routes: seen([route('10.77.0.0/24', 'br0'), route('10.42.0.0/24', 'cni0')]),
      cni: seen([]),
      ipsets: seen(new Map()),
      kubernetes: KUBERNETES,
      netfilter: NETFILTER[policy],
      units: { systemd: seen(true), units: seen([rke2('active', { activeEnter: '2026-01-01T00:05:00Z' })]) },
      ...parts,
    },
  };
}

function rke2(activeState: string, more: Partial<Unit> = {}): Unit {
  const base = { name: 'rke2-server.service', loadState: 'loaded', subState: '', unitFileState: 'enabled', files: [] };
  return { ...base, activeState, ...more };
}

const kept = (here: LiteralNode, profile: Profile) => holdings(bridgeNetfilter, here, profile);

describe('what bridge-netfilter keeps, by the bridges that are there', () => {
  it('is 0 for VMs, and 1 of the CNI’s bridge alone, whichever way they stand', () => {
    const expected = ['cni0 nf_call_iptables=1', `${SHARED}=0`, 'br0 nf_call_iptables=0'];
    const ipv6 = [`${SHARED.replace('iptables', 'ip6tables')}=0`, 'br0 nf_call_ip6tables=0'];
    for (const global of ['0', '1', 'absent'] as const) {
      for (const cni0 of [false, true]) {
        const here = node({ global, br0: false, cni0 });
        expect(kept(here, generic), `global ${global}, cni0 ${cni0}`).toEqual([...expected, ...ipv6]);
      }
    }
  });

  it('is nothing where the rules let frames pass, or where there is one port', () => {
    expect(kept(node({ global: '1', br0: false, policy: 'ACCEPT' }), generic)).toEqual([]);
    const here = node({ global: '1', br0: false });
    expect(kept({ ...here, links: here.links?.filter(({ name }) => name !== 'br0p2') ?? [] }, generic)).toEqual([]);
  });

  it('is whichever switch a CNI’s bridge is filtered by, where no VM minds', () => {
    expect(kept(node({ global: '1', cni0: false }), generic)).toEqual([`${SHARED}=1`]);
    expect(kept(node({ global: '1', cni0: true }), generic)).toEqual(['cni0 nf_call_iptables=1']);
    expect(kept(node({ global: '0', cni0: false }), generic)).toEqual(['cni0 nf_call_iptables=1']);
    expect(kept(node({ global: 'absent', cni0: false }), generic), 'either is idle without the module').toEqual([]);
  });

  it('gives Docker its own switch before the shared one goes', () => {
    expect(kept(node({ global: '1', br0: false, docker0: false }), generic)[0]).toBe('docker0 nf_call_iptables=1');
    expect(kept(node({ global: '0', br0: false, docker0: false }), generic)).not.toContain(
      'docker0 nf_call_iptables=1',
    );
  });

  it('is 1 on a KubeKey node without VMs, and what VMs need on one with', () => {
    expect(kept(node({ global: '0' }), kubekeyIpvs)).toEqual([`${SHARED}=1`]);
    expect(kept(node({ global: '1', br0: false }), kubekeyIpvs)).toContain(`${SHARED}=0`);
  });

  it('is not known where rules, links or the switch cannot be seen', () => {
    const denied = unknown('denied', 'iptables-save', 'not permitted');
    const here = node({ global: '0', br0: false }, { netfilter: netfilterWith(denied, denied) });
    expect(kept(here, generic)).toEqual(['unknown br0 nf_call_iptables', 'unknown br0 nf_call_ip6tables']);
    const { links: _links, ...unlinked } = node({ global: '0' }, { links: unknown('failed', 'ip link', 'timed out') });
    expect(kept(unlinked, generic)).toEqual([`unknown ${SHARED}`]);
  });
});

describe('Harvester', () => {
  const at = (units: readonly Unit[], global: State['global'] = '1') =>
    kept(node({ global, policy: 'ACCEPT' }, { units: { systemd: seen(true), units: seen(units) } }), harvester);

  it('wants 1 until RKE2’s first launch, nothing meanwhile, 0 from then on, and at every restart', () => {
    expect(at([rke2('inactive')], '0')).toEqual([`${SHARED}=1`]);
    expect(at([rke2('activating', { execStart: '2026-01-01T00:01:00Z' })])).toEqual([]);
    const ready = { execStart: '2026-01-01T00:01:00Z', activeEnter: '2026-01-01T00:05:00Z' };
    expect(at([rke2('active', ready)])).toEqual([`${SHARED}=0`]);
    expect(at([rke2('activating', ready)]), 'restarting').toEqual([`${SHARED}=0`]);
    expect(at([rke2('failed', ready)])).toEqual([`${SHARED}=0`]);
  });

  it('is held at nothing where no unit tells its phase', () => {
    expect(at([])).toEqual([`unknown ${SHARED}`]);
    const units = { systemd: seen(true), units: unknown('failed', 'systemctl', 'timed out') };
    expect(kept(node({ global: '1' }, { units }), harvester)).toEqual([`unknown ${SHARED}`]);
  });
});

const SOME = [undefined, false, true];
/** Docker and IPv6 beside VMs alone, for the others have nothing of theirs. */
const STATES: readonly State[] = (['0', '1', 'absent'] as const).flatMap((global) =>
  (['DROP', 'ACCEPT'] as const).flatMap((policy) =>
    SOME.flatMap((br0) =>
      SOME.flatMap((cni0): State[] => {
        const state = { global, policy, ...(br0 !== undefined && { br0 }), ...(cni0 !== undefined && { cni0 }) };
        const beside: State[] = [false, true].map((docker0) => ({ ...state, docker0, global6: '1' }));
        return br0 === undefined || cni0 ? [state] : [state, ...beside];
      }),
    ),
  ),
);

describe.each([generic, kubekeyIpvs, harvester])('whatever the switches are ($name)', (profile) => {
  it('the doctor finds nothing that can be cured once every demand is met', () => {
    for (const state of STATES) {
      const problems = found(bridgeNetfilter, carriedOut(bridgeNetfilter, node(state), profile), profile);
      // Without br_netfilter no switch helps a hair-pinned Service: the module is what is missing.
      const incurable = state.global === 'absent' ? ['problem cni0'] : [];
      expect(
        problems.filter((one) => !incurable.includes(one)),
        JSON.stringify(state),
      ).toEqual([]);
    }
  });

  it('nothing is demanded of a node in order that it does not have', () => {
    const inOrder = STATES.filter((state) => found(bridgeNetfilter, node(state), profile).length === 0);
    expect(inOrder.length).toBeGreaterThan(0);
    for (const state of inOrder) {
      // A profile that wants 1 wants it also where no bridge shows that it is needed.
      const stated = profile.bridgeNetfilter === 'on' && state.br0 === undefined ? [SHARED] : [];
      const lacking = unmet(bridgeNetfilter, node(state), profile).filter((key) => !stated.includes(key));
      expect(lacking, JSON.stringify(state)).toEqual([]);
    }
  });
});
