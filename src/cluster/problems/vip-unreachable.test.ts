import { describe, expect, it } from 'vitest';
import {
  absent,
  ago,
  answered,
  certificate,
  denied,
  findingsOf,
  notCollected,
  unanswered,
  withVip,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Service } from '../model/parts.ts';

const ID = 'vip-unreachable';
const VIP = '10.0.0.10';
const service = (differing: Partial<Service>): Service => ({
  namespace: 'kube-system',
  name: 'ingress-expose',
  type: 'LoadBalancer',
  annotations: {},
  ingress: [],
  ...differing,
});
const says = (outcome: Outcome) => withVip({ https: known(outcome, `https://${VIP}/`) });

describe(ID, () => {
  it.each(['refused', 'silent', 'tls', 'unreachable'] as const)('is found where it is %s', (kind) => {
    const [found] = findingsOf(ID, says(unanswered(kind)));
    expect(found).toMatchObject({
      status: 'problem',
      severity: 'critical',
      subject: VIP,
      title: `${VIP} does not answer`,
    });
    expect(found?.cause).toContain('node-1 is to carry it');
    expect(wrongWith(says(unanswered(kind)))).toEqual([ID]);
  });

  it('tells that nobody holds it', () => {
    const lease = known({ holder: 'node-1', renewedAt: ago(60), durationSeconds: 15 }, 'lease');
    const https = known(unanswered('unreachable'), 'https');
    expect(findingsOf(ID, withVip({ lease, https }))[0]?.cause).toContain('No kube-vip holds the lease');
    const young = known({ holder: 'node-2', renewedAt: ago(5), durationSeconds: 15 }, 'lease');
    expect(findingsOf(ID, withVip({ lease: young, https }))[0]?.cause).toContain('node-2 is to carry it');
    expect(findingsOf(ID, withVip({ lease: denied, https }))[0]?.cause).toContain('node-1 is to carry it');
  });

  it('has a Service that waits for its address: settling, then found; where none is wanted there is nothing', () => {
    const annotations = { 'kube-vip.io/loadbalancerIPs': '0.0.0.0' };
    const awaiting = service({ annotations });
    const none = { ...withVip({ address: absent }), harvester: notCollected };
    const waits = { ...none, services: known([awaiting], 'services') };
    expect(findingsOf(ID, waits, 600)[0]).toMatchObject({ phase: 'settling', severity: 'critical' });
    expect(findingsOf(ID, waits)[0]).toMatchObject({ title: 'Service kube-system/ingress-expose has no address yet' });
    expect(wrongWith(waits)).toEqual([ID]);
    for (const other of [
      service({}),
      service({ annotations, name: 'shop' }),
      service({ annotations, type: 'ClusterIP' }),
    ]) {
      expect(findingsOf(ID, { ...none, services: known([other], 'services') })[0]).toMatchObject({
        status: 'not-applicable',
      });
    }
    expect(findingsOf(ID, { ...none, services: denied })[0]).toMatchObject({ status: 'unknown', severity: 'critical' });
  });

  it('is settling for two minutes, while kube-vip elects', () => {
    expect(findingsOf(ID, says(unanswered('silent')), 120)[0]).toMatchObject({ phase: 'settling' });
  });

  it('is found, as a warning, where another certificate or another configuration is seen', () => {
    const wrong = certificate(`https://${VIP}`, { names: ['shop.example.com'], issuer: 'CN=Shop', coversName: false });
    const other = withVip({ certificate: known(wrong, 'tls') });
    expect(findingsOf(ID, other)[1]).toMatchObject({
      severity: 'warning',
      evidence: [{ value: 'shop.example.com, by CN=Shop' }],
    });
    expect(wrongWith(other)).toEqual([ID]);
    const stale = withVip({ configured: known({ ip: '10.0.0.99', mode: 'static', hwAddress: '' }, 'configmap') });
    expect(findingsOf(ID, stale)[1]?.title).toBe('The address is 10.0.0.10 and configured as 10.0.0.99');
    expect(wrongWith(stale)).toEqual([ID]);
  });

  it('is clear where it answers, whatever it says', () => {
    expect(findingsOf(ID, says(answered(200)))).toMatchObject([{ status: 'ok' }]);
    expect(findingsOf(ID, says(answered(404)))).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where it cannot be seen: refused, cut, or behind a router', () => {
    const unknown = { status: 'unknown', severity: 'critical' };
    expect(findingsOf(ID, withVip({ address: denied }))).toMatchObject([unknown]);
    expect(findingsOf(ID, withVip({ https: denied }))).toMatchObject([unknown]);
    expect(findingsOf(ID, says(unanswered('cut')))).toMatchObject([unknown]);
    const far = findingsOf(ID, { ...says(unanswered('unreachable')), vantage: 'routed' });
    expect(far).toMatchObject([unknown]);
    expect(far[0]?.cause).toContain('does not answer here');
    expect(findingsOf(ID, { ...says(unanswered('refused')), vantage: 'routed' })).toMatchObject([
      { status: 'problem' },
    ]);
  });

  it('is of no matter where there is none', () => {
    expect(findingsOf(ID, withVip({ address: absent }))).toMatchObject([{ status: 'not-applicable' }]);
  });
});
