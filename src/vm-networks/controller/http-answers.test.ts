import { expect, it } from 'vitest';
import type { Condition, VmNetworkReport } from '../cluster/model.ts';
import { controllerRoutes } from './http-answers.ts';
import { makeTally } from './tally.ts';

function report(connected: Condition['status'], agrees: Condition['status']): VmNetworkReport {
  const base = { observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z', message: '' };
  return {
    clusterNetwork: 'mgmt',
    type: 'L2VlanNetwork',
    vlan: 100,
    cidr: '',
    gateway: '',
    connectedNodes: '',
    nodes: [],
    conditions: [
      { ...base, type: 'Connected', status: connected, reason: 'Seen' },
      { ...base, type: 'HarvesterAgrees', status: agrees, reason: 'Told' },
    ],
  };
}

it('counts what is known, and has no sample where nobody knows', () => {
  const tally = makeTally();
  tally.leads(
    new Map([
      ['default/fine', report('True', 'True')],
      ['default/stale', report('False', 'False')],
      ['default/dark', report('Unknown', 'Unknown')],
    ]),
  );
  const metrics = controllerRoutes(tally, () => true).find(({ path }) => path === '/metrics');
  const lines = metrics?.answer(new URLSearchParams()).body.split('\n') ?? [];
  const samples = lines.filter((line) => line.startsWith('hayward_vm_network'));
  expect(samples).toEqual([
    'hayward_vm_network_connected{namespace="default",name="fine",status="True",reason="Seen"} 1',
    'hayward_vm_network_connected{namespace="default",name="stale",status="False",reason="Seen"} 0',
    'hayward_vm_network_status_stale{namespace="default",name="fine",status="True",reason="Told"} 0',
    'hayward_vm_network_status_stale{namespace="default",name="stale",status="False",reason="Told"} 1',
  ]);
});
