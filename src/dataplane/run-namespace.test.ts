import { expect, it } from 'vitest';
import { expiredRunOf } from './run-namespace.ts';

const RUN = { 'app.kubernetes.io/managed-by': 'hayward', 'hayward.internal/dataplane': 'run' };
const NOW = Date.parse('2026-11-21T12:00:00Z');
const namespace = (labels: object, expires?: string, more: object = {}) => ({
  metadata: {
    name: 'hayward-run',
    uid: 'u',
    labels,
    ...(expires !== undefined && { annotations: { 'hayward.internal/expires': expires } }),
    ...more,
  },
});

it.each([
  ['its time is over', namespace(RUN, '2026-11-21T11:59:59Z'), true],
  ['its time is over, in another zone', namespace(RUN, '2026-11-21T19:59:59+08:00'), true],
  ['its time is to come', namespace(RUN, '2026-11-21T12:00:01Z'), false],
  ['it has no time', namespace(RUN), false],
  ['its time is none', namespace(RUN, 'yesterday'), false],
  ['its time is a day', namespace(RUN, '2026-11-20'), false],
  ['it is no run', namespace({ 'app.kubernetes.io/managed-by': 'hayward' }, '2026-01-01T00:00:00Z'), false],
  [
    'it is somebody else’s',
    namespace({ ...RUN, 'app.kubernetes.io/managed-by': 'Helm' }, '2026-01-01T00:00:00Z'),
    false,
  ],
  ['it goes already', namespace(RUN, '2026-01-01T00:00:00Z', { deletionTimestamp: '2026-11-21T11:00:00Z' }), false],
])('the namespace of a run is removed where %s: %#', (_, object, removed) => {
  expect(expiredRunOf(object, NOW) !== undefined).toBe(removed);
});
