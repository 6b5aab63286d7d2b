import { expect, it } from 'vitest';
import type { ListedObject } from '../../cluster/client/list.ts';
import { heartbeatBody } from '../heartbeat.ts';
import { renewalOf } from './watch-fleet.ts';

const at = new Date('2026-11-21T10:00:00.000Z');

function leaseOf(node: string, { name, ...spec }: Record<string, unknown> = {}): ListedObject {
  const { metadata, ...body } = heartbeatBody(node, 'uid', at);
  const identity = { ...metadata, uid: 'u', resourceVersion: '1', ...(name !== undefined && { name }) };
  return { ...body, metadata: identity, spec: { ...(body['spec'] as object), ...spec } };
}

it('takes a renewal for that of the node whose Lease it is, and none of a guard that speaks for another', () => {
  const renewed = { node: 'node-1', renewed: '2026-11-21T10:00:00.000000Z', durationMs: 180_000 };
  expect(renewalOf(leaseOf('node-1'))).toEqual(renewed);
  expect(renewalOf(leaseOf('node-1', { holderIdentity: 'node-2' }))).toBeUndefined();
  expect(renewalOf(leaseOf('node-1', { name: 'hayward-networks' }))).toBeUndefined();
});

it('believes a guard how soon it is silent within reason', () => {
  const seconds = [0, 30, 1_000_000, 'soon'].map((leaseDurationSeconds) => {
    const renewal = renewalOf(leaseOf('node-1', { leaseDurationSeconds }));
    return (renewal?.durationMs ?? 0) / 1000;
  });
  expect(seconds).toEqual([1, 30, 3_600, 180]);
});
