import { describe, expect, it } from 'vitest';
import { absent, ago, denied, findingsOf, healthy, notCollected, part, wrongWith } from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import type { Registration } from '../model/parts.ts';

const ID = 'cluster-registration';
const SERVER = 'https://10.0.0.10';
const agent = part('cattle-cluster-agent', { namespace: 'cattle-system', wanted: 1, ready: 1, updated: 1 });

function registered(differing: Partial<Registration> = {}) {
  const connected = known({ connected: true, message: '', since: ago(9000) }, 'kubectl get cluster');
  const registration = { server: SERVER, agent, connected, log: known([], 'kubectl logs'), ...differing };
  return healthy({ registration: known(registration, 'cattle-cluster-agent') });
}
const waiting = [{ name: 'agent-1', node: 'node-1', reason: 'CrashLoopBackOff', message: '', since: ago(700) }];
const pending = (...lines: string[]) =>
  registered({ agent: { ...agent, ready: 0, waiting }, connected: notCollected, log: known(lines, 'kubectl logs') });

describe(ID, () => {
  it.each([
    [
      'ERROR: https://10.0.0.10/ping is not accessible (Connection timed out)',
      'bridge-nf-call-iptables at 1 loses them',
    ],
    ['dial tcp 10.0.0.10:443: i/o timeout', 'bridge-nf-call-iptables at 1 loses them'],
    ['dial tcp: lookup rancher.example.com on 10.53.0.10:53: no such host', 'not resolved by the cluster DNS'],
    ['dial tcp 10.0.0.10:443: connect: connection refused', 'nothing listens there'],
    ['x509: certificate signed by unknown authority', 'does not trust the certificate'],
    ['tls: x509: certificate has expired or is not yet valid', 'this clock is wrong'],
    ['unexpected: 401 Unauthorized', 'token is not known'],
  ])('is found, with the cause in its log: %s', (line, cause) => {
    const [found] = findingsOf(ID, pending('INFO: starting', line, 'INFO: retrying'));
    expect(found).toMatchObject({ status: 'problem', severity: 'warning', subject: SERVER, since: ago(700) });
    expect(found?.cause).toContain(cause);
    expect(found?.evidence).toContainEqual({ source: 'kubectl logs', value: line });
    expect(wrongWith(pending(line))).toEqual([ID]);
  });

  it('believes the last line that tells a cause', () => {
    const lines = ['lookup rancher.example.com: no such host', 'dial tcp 10.0.0.10:443: connect: connection refused'];
    expect(findingsOf(ID, pending(...lines))[0]?.cause).toContain('nothing listens there');
  });

  it('is found where the agent runs and the other side does not hear it', () => {
    const connected = known(
      { connected: false, message: 'Cluster agent is not connected', since: ago(9000) },
      'cluster',
    );
    expect(findingsOf(ID, registered({ connected }))[0]?.cause).toContain(
      'runs and is not connected: Cluster agent is not',
    );
  });

  it('waits for the agent to start', () => {
    expect(findingsOf(ID, pending(), 900)).toMatchObject([{ phase: 'settling', severity: 'info' }]);
  });

  it('is clear where it is connected', () => {
    expect(findingsOf(ID, registered())).toMatchObject([{ status: 'ok' }]);
    expect(findingsOf(ID, registered({ connected: notCollected }))).toMatchObject([{ status: 'ok' }]);
  });

  it('is unknown where nobody tells, and of no matter where there is no agent', () => {
    expect(findingsOf(ID, registered({ connected: denied }))).toMatchObject([{ status: 'unknown', severity: 'info' }]);
    const lost = known(['dial tcp 10.0.0.10:443: i/o timeout'], 'kubectl logs');
    expect(findingsOf(ID, registered({ connected: notCollected, log: lost }))).toMatchObject([{ status: 'unknown' }]);
    expect(findingsOf(ID, healthy({ registration: denied }))).toMatchObject([{ status: 'unknown', severity: 'info' }]);
    expect(findingsOf(ID, healthy({ registration: absent }))).toMatchObject([{ status: 'not-applicable' }]);
  });
});
