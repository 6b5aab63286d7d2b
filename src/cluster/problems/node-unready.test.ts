import { describe, expect, it } from 'vitest';
import {
  ago,
  asNode,
  denied,
  findingsOf,
  healthy,
  node,
  readyCondition,
  unreadyNode,
  wrongWith,
} from '../../../test/cluster.ts';
import { known } from '../../hosts/reading.ts';
import { judgeCluster } from '../judge.ts';
import type { NodeLook } from '../model/nodes.ts';

const ID = 'node-unready';
const with_ = (...nodes: NodeLook[]) => healthy({ nodes: known(nodes, 'kubectl get nodes') });
const saying = (condition: NodeLook['conditions'][number]) => node('node-2', { conditions: [condition] });
const pressed = { ...readyCondition('True', 'KubeletHasDiskPressure', '', 700), type: 'DiskPressure' };
const cut = { ...readyCondition('True', 'NoRouteCreated', 'no route', 700), type: 'NetworkUnavailable' };
const ready = readyCondition('True', 'KubeletReady', '', 700);
const NO_CNI =
  'container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized';

describe(ID, () => {
  it.each([
    [
      'its kubelet says so',
      saying(readyCondition('False', 'KubeletNotReady', 'PLEG is not healthy', 700)),
      /PLEG is not healthy/,
    ],
    ['its CNI is not there', saying(readyCondition('False', 'KubeletNotReady', NO_CNI, 700)), /Pod network is not up/],
    [
      'nothing is heard of it',
      saying(readyCondition('Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting', 700)),
      /has not reported/,
    ],
    ['it never said anything', node('node-2', { conditions: [] }), /says that it is not ready/],
    ['its route is missing', node('node-2', { conditions: [ready, cut] }), /Pod network is not up: no route/],
    [
      'it only says that it is ready',
      node('node-2', { leaseRenewedAt: known(ago(700), 'lease') }),
      /Lease was last renewed/,
    ],
    ['its disk is full', node('node-2', { conditions: [ready, pressed] }), /reports DiskPressure/],
  ] as const)('is found where %s', (_name, sick, cause) => {
    const snapshot = with_(node('node-1'), sick);
    const found = findingsOf(ID, snapshot).find(({ subject }) => subject === 'node-2');
    expect(found).toMatchObject({ status: 'problem', severity: 'warning' });
    expect(found?.cause).toMatch(cause);
    expect(wrongWith(snapshot)).toEqual([ID]);
    // Other nodes take over; and of other nodes a node's own credentials see nothing.
    expect(judgeCluster(snapshot, { lang: 'en' }).verdict).toBe('ready');
  });

  it('is settling for the ten minutes a reboot may take', () => {
    const [found] = findingsOf(ID, with_(unreadyNode('node-1', 120), node('node-2')), 600);
    expect(found).toMatchObject({ phase: 'settling', severity: 'info', since: ago(120) });
  });

  it('decides where no node is Ready, or none is there', () => {
    const dead = with_(unreadyNode('node-1', 700), unreadyNode('node-2', 700));
    expect(findingsOf(ID, dead)[0]).toMatchObject({ subject: '', severity: 'critical', title: 'No node is Ready' });
    expect(wrongWith(dead)).toEqual([ID]);
    expect(findingsOf(ID, with_())).toMatchObject([{ severity: 'critical', title: 'The cluster has no nodes' }]);
  });

  it('is a note where the node was cordoned, or is being removed', () => {
    const notes = with_(node('a', { unschedulable: true }), { ...unreadyNode('b', 700), deletedAt: ago(30) });
    expect(findingsOf(ID, notes).map(({ severity }) => severity)).toEqual(['info', 'info']);
  });

  it('is clear where all are, and of a node that sees itself alone where that one is', () => {
    expect(findingsOf(ID, healthy()).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    expect(findingsOf(ID, asNode(healthy())).map(({ status, severity }) => [status, severity])).toEqual([
      ['ok', 'info'],
      ['unknown', 'info'],
    ]);
  });

  it('is unknown where the list and the object contradict each other', () => {
    const changing = {
      ...with_(unreadyNode('node-1', 700)),
      ownNode: known(node('node-1'), 'kubectl get node node-1'),
    };
    expect(findingsOf(ID, changing).at(-1)).toMatchObject({ subject: '', status: 'unknown', severity: 'critical' });
  });

  it('is unknown to a node that is not ready itself, and to who may see none', () => {
    const alone = asNode(with_(unreadyNode('node-1', 700), node('node-2')));
    expect(findingsOf(ID, alone).map(({ subject, status, severity }) => [subject, status, severity])).toEqual([
      ['node-1', 'problem', 'warning'],
      ['', 'unknown', 'critical'],
    ]);
    expect(findingsOf(ID, healthy({ nodes: denied }))).toMatchObject([{ status: 'unknown', severity: 'critical' }]);
  });
});
