import { describe, expect, it } from 'vitest';
import { fixture } from '../../../test/fixture.ts';
import { examineCapture } from '../../examine.ts';
import type { Capture, Entry } from '../../hosts/capture.ts';
import { factsOf } from './facts.ts';

const facts = (capture: Capture) => factsOf(examineCapture(capture, { lang: 'en' }).snapshot);

/** A fixture that was read otherwise. */
function changed(name: string, entries: Readonly<Record<string, Entry>>): Capture {
  const capture = fixture(name);
  return { ...capture, entries: { ...capture.entries, ...entries } };
}

describe('what nodes are compared by', () => {
  it('is what a node has; what it has not is not there, and what was not asked is not known', () => {
    expect(facts(fixture('harvester-v1.4'))).toEqual({
      values: {
        os: 'Harvester v1.4.1',
        kernel: '5.14.21-150500.55.91-default',
        harvester: 'v1.4.1',
        cni: 'multus-cni-network: multus',
        'kube-proxy-mode': 'iptables',
        'kube-proxy-strict-arp': 'false',
        'pod-cidrs': '10.52.0.0/16',
        'service-cidrs': '10.53.0.0/16',
        'iptables-backend': 'legacy',
      },
      unseen: { kubernetes: 'not-collected' },
    });
    expect(facts(fixture('kubekey-debian11')).values).toMatchObject({
      cni: 'k8s-pod-network: calico, portmap, bandwidth',
      'kube-proxy-mode': 'ipvs',
    });
    expect(facts(fixture('kubekey-debian11')).values).not.toHaveProperty('harvester');
  });

  it('is not guessed where it may not be read', () => {
    const denied = { state: 'denied', detail: 'not permitted' } as const;
    const { values, unseen } = facts(changed('kubekey-debian11', { '/proc/sys/kernel/osrelease': denied }));
    expect(values).not.toHaveProperty('kernel');
    expect(unseen).toMatchObject({ kernel: 'denied' });
  });
});
