import { describe, expect, it } from 'vitest';
import { address, link, netfilterWith, route, seen, snapshotWith } from '../../test/parts.ts';
import { unknown } from '../hosts/reading.ts';
import { generic } from '../profiles/generic.ts';
import { rke2Canal } from '../profiles/rke2-canal.ts';
import { parseIptablesSave } from '../snapshot/netfilter/iptables-save.ts';
import { forwardPolicy } from './forward-policy.ts';

function rules(...lines: string[]) {
  const text = ['*filter', ...lines, 'COMMIT'].join('\n');
  const { tables } = parseIptablesSave(text, { family: 'ipv4', backend: 'legacy', source: 'iptables-save' });
  return netfilterWith(seen({ tables }));
}

const NODE = {
  links: seen([link('eth0'), link('cali1', { kind: 'veth', foreignPeer: true }), link('flannel.1', { kind: 'vxlan' })]),
  addresses: seen([address('eth0', '192.0.2.5/24'), address('flannel.1', '10.42.0.0/32')]),
  routes: seen([route('0.0.0.0/0', 'eth0'), route('10.42.0.7/32', 'cali1'), route('10.42.1.0/24', 'flannel.1')]),
  ipsets: seen(new Map()),
};

function judged(parts: Parameters<typeof snapshotWith>[0], profile = rke2Canal) {
  const found = forwardPolicy.check(snapshotWith({ ...NODE, ...parts }), profile);
  return found.map(({ status, subject }) => `${status} ${subject}`);
}

describe('forward-policy', () => {
  it("is a problem where FORWARD's policy drops what Pods send out", () => {
    expect(judged({ netfilter: rules(':FORWARD DROP [0:0]') })).toEqual(['problem cali1 → flannel.1']);
  });

  it('is in order where the CNI accepts its Pods', () => {
    const accepted = rules(
      ':FORWARD DROP [0:0]',
      '-A FORWARD -s 10.42.0.0/16 -j ACCEPT',
      '-A FORWARD -d 10.42.0.0/16 -j ACCEPT',
    );
    expect(judged({ netfilter: accepted })).toEqual(['ok ']);
  });

  it("leaves a network policy's drop alone", () => {
    const policy = rules(
      ':FORWARD ACCEPT [0:0]',
      ':cali-tw-1 - [0:0]',
      '-A FORWARD -o cali1 -j cali-tw-1',
      '-A cali-tw-1 -j DROP',
    );
    expect(judged({ netfilter: policy })).toEqual(['ok ']);
  });

  it('has nothing to say of a machine that routes for nobody', () => {
    const parts = { links: seen([link('eth0')]), netfilter: rules(':FORWARD DROP [0:0]') };
    expect(judged(parts, generic)).toEqual(['not-applicable ']);
  });

  it('is unknown where the rules may not be read', () => {
    const denied = unknown('denied', 'iptables-save', 'you must be root');
    expect(judged({ netfilter: netfilterWith(denied) })).toEqual(['unknown ']);
  });
});
