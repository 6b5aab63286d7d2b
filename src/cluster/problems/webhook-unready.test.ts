import { describe, expect, it } from 'vitest';
import {
  absent,
  ago,
  answered,
  certificate,
  denied,
  endpointsWith,
  findingsOf,
  healthy,
  notCollected,
  unanswered,
  webhook,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Webhook } from '../model/parts.ts';

const ID = 'webhook-unready';
const with_ = (differing: Partial<Webhook>) => healthy({ webhooks: known([webhook(differing)], 'webhooks') });
const own = (differing: Partial<Webhook>) => findingsOf(ID, with_(differing)).at(-1);
const none = known({ ready: [], notReady: ['10.52.1.9'] }, 'endpoints');
const service = { namespace: 'guard', name: 'guard', port: 443 };
const shaken = (outcome: ReturnType<typeof answered> | ReturnType<typeof unanswered>, ms = 5) =>
  known({ outcome, ms, certificate: notCollected }, 'tls');

describe(ID, () => {
  it.each([
    ['its Service is gone', { calls: { ...service, endpoints: absent } }, /Service does not exist: guard\/guard/],
    ['no Pod is Ready behind it', { calls: { ...service, endpoints: none } }, /guard\/guard, 1 not ready/],
    [
      'its CA has expired',
      { authority: known(certificate('ca', { notAfter: ago(60) }), 'ca') },
      /caBundle has expired/,
    ],
    ['it does not answer', { handshake: shaken(unanswered('refused')) }, /does not answer/],
    [
      "its certificate is another's",
      { handshake: shaken(unanswered('tls', 'wrong name')) },
      /does not stand up.*wrong name/,
    ],
    ['it is slow', { handshake: shaken(answered(200), 6000) }, /6\.0 s of 10 s/],
    ['most calls fail', { counted: known({ calls: 10, failed: 9, seconds: 1 }, 'metrics') }, /9 of 10/],
    ['calls take long', { counted: known({ calls: 10, failed: 0, seconds: 70 }, 'metrics') }, /7\.0 s of 10 s/],
  ] as const)('is found where %s', (_name, differing, cause) => {
    const found = own(differing as Partial<Webhook>);
    expect(found).toMatchObject({ status: 'problem', severity: 'warning', subject: 'guard/pods.guard.example.com' });
    expect(found?.cause).toMatch(cause);
    expect(found?.impact).toContain('CREATE pods');
    expect(wrongWith(with_(differing as Partial<Webhook>))).toEqual([ID]);
  });

  it('is a note where the API server goes on without it', () => {
    expect(own({ failurePolicy: 'Ignore', handshake: shaken(unanswered('refused')) })).toMatchObject({
      severity: 'info',
    });
  });

  it("decides where it is Harvester's or Rancher's: that every identity can see", () => {
    const snapshot = healthy({ endpoints: endpointsWith('harvester-webhook', none) });
    expect(findingsOf(ID, snapshot)).toContainEqual(
      expect.objectContaining({
        subject: 'harvester-system/harvester-webhook',
        severity: 'critical',
        phase: 'definite',
      }),
    );
    expect(wrongWith(snapshot)).toEqual([ID]);
  });

  it('is clear where something was seen of it, and nothing wrong', () => {
    expect(findingsOf(ID, healthy()).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    expect(own({ calls: { url: 'https://10.0.0.5/' }, handshake: shaken(answered(404)) })).toMatchObject({
      status: 'ok',
    });
  });

  it('is unknown where nothing was', () => {
    expect(own({ calls: { ...service, endpoints: denied }, counted: denied })).toMatchObject({
      status: 'unknown',
      severity: 'info',
    });
    expect(findingsOf(ID, healthy({ webhooks: denied })).at(-1)).toMatchObject({ status: 'unknown', severity: 'info' });
    const blind = findingsOf(ID, healthy({ endpoints: endpointsWith('rancher-webhook', denied) }));
    expect(blind).toContainEqual(expect.objectContaining({ status: 'unknown', severity: 'critical' }));
    expect(findingsOf(ID, healthy({ endpoints: [], webhooks: known([], 'w') }))).toMatchObject([
      { status: 'not-applicable' },
    ]);
  });
});
