import { describe, expect, it } from 'vitest';
import {
  answered,
  apiServerLook,
  denied,
  findingsOf,
  healthy,
  PASSED,
  unanswered,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Outcome } from '../model/outcome.ts';
import type { ApiServer, ClusterSnapshot } from '../model.ts';

const ID = 'apiserver-unready';
const FAILED =
  '[+]ping ok\n[-]etcd failed: reason withheld\n[-]poststarthook/rbac/bootstrap-roles failed: not finished\nreadyz check failed\n';

function server(outcome: Outcome, url = 'https://10.0.0.11:6443'): ApiServer {
  return apiServerLook({ url, readyz: known(outcome, `${url}/readyz?verbose`) });
}
const with_ = (...apiServers: ApiServer[]): ClusterSnapshot => healthy({ apiServers });

describe(ID, () => {
  it.each([
    ['nothing listens', unanswered('refused'), /nothing listens there/],
    ['it is stopped', unanswered('silent'), /takes connections and does not answer/],
    ['checks of its own fail', answered(500, FAILED), /etcd, poststarthook\/rbac\/bootstrap-roles fail/],
    ['a proxy gets no answer from it', answered(503, '<html>503</html>'), /HTTP 503/],
  ] as const)('is found where %s', (_name, outcome, cause) => {
    const [found] = findingsOf(ID, with_(server(outcome)));
    expect(found).toMatchObject({ status: 'problem', severity: 'critical', subject: 'https://10.0.0.11:6443' });
    expect(found?.cause).toMatch(cause);
    expect(wrongWith(with_(server(outcome)))).toEqual([ID]);
  });

  it('is clear where it answers as Kubernetes does', () => {
    expect(findingsOf(ID, with_(server(answered(200, PASSED))))).toMatchObject([{ status: 'ok' }]);
    expect(findingsOf(ID, with_(server(answered(200, 'ok'))))).toMatchObject([{ status: 'ok' }]);
  });

  it.each([
    ['it is too busy', answered(429, 'Too many requests')],
    ['a page comes instead', answered(200, '<html>ok</html>')],
    ['the answer is cut', unanswered('cut')],
    ['TLS does not come about', unanswered('tls')],
    ['something fails that is no check of its own', answered(500, 'boom')],
  ] as const)('is unknown where %s', (_name, outcome) => {
    expect(findingsOf(ID, with_(server(outcome)))).toMatchObject([{ status: 'unknown', severity: 'critical' }]);
  });

  it('is unknown where credentials are refused: that is no fault', () => {
    expect(findingsOf(ID, with_(apiServerLook({ readyz: denied })))).toMatchObject([
      { status: 'unknown', severity: 'critical', unknown: { reason: 'denied' } },
    ]);
  });

  it('believes that there is no way to it only where no router is between', () => {
    const seen = with_(server(unanswered('unreachable')));
    expect(findingsOf(ID, { ...seen, vantage: 'node' })).toMatchObject([{ status: 'problem' }]);
    expect(findingsOf(ID, { ...seen, vantage: 'routed' })).toMatchObject([{ status: 'unknown' }]);
  });

  it('is found where a certificate is not accepted while another one is; of the only one it cannot be told', () => {
    const [a, b] = ['https://10.0.0.11:6443', 'https://10.0.0.12:6443'] as const;
    const wrong = server(unanswered('tls', 'CERT_HAS_EXPIRED'), b);
    const [, found] = findingsOf(ID, with_(server(answered(200, 'ok'), a), wrong));
    expect(found).toMatchObject({ subject: b, status: 'problem', severity: 'warning' });
    expect(found?.cause).toContain('CERT_HAS_EXPIRED');
    expect(findingsOf(ID, with_(wrong, server(unanswered('silent'), a)))[0]).toMatchObject({ status: 'unknown' });
  });

  it('is a warning where others serve, and of all of them together where none does', () => {
    const [a, b] = ['https://10.0.0.11:6443', 'https://10.0.0.12:6443'] as const;
    const one = findingsOf(ID, with_(server(unanswered('refused'), a), server(answered(200, 'ok'), b)));
    expect(one).toMatchObject([
      { subject: a, status: 'problem', severity: 'warning' },
      { subject: b, status: 'ok' },
    ]);
    const none = findingsOf(ID, with_(server(unanswered('refused'), a), server(unanswered('silent'), b)));
    expect(none.map(({ subject, severity }) => [subject, severity])).toEqual([
      ['', 'critical'],
      [a, 'warning'],
      [b, 'warning'],
    ]);
    expect(none[0]?.title).toBe('No API server is ready');
    const half = with_(server(unanswered('refused'), a), apiServerLook({ url: b, readyz: denied }));
    expect(findingsOf(ID, half).map(({ status, severity }) => [status, severity])).toEqual([
      ['problem', 'warning'],
      ['unknown', 'critical'],
    ]);
  });
});
