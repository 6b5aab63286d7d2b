import { expect, it } from 'vitest';
import { apiServer } from '../testing/api-server.ts';
import { takeDownTwice } from './take-down.ts';

const NAMESPACE = 'hayward-dataplane-00';

/** A server on which the namespace appears only after so many pauses, as one whose creation was on its way. */
async function left(appearsAfter: number, isAway: (pauses: number) => boolean = () => false) {
  const { client, made } = apiServer({ nodes: [], isAway: () => isAway(pauses) });
  let pauses = 0;
  const isGone = await takeDownTwice(client, NAMESPACE, {
    async pause() {
      pauses++;
      if (pauses === appearsAfter) {
        await client.create('/api/v1/namespaces', {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: NAMESPACE },
        });
      }
    },
    mayGoOn: () => pauses < 5,
  });
  return { made, isGone, pauses };
}

it('takes down what appears only after it found nothing', async () => {
  expect(await left(1)).toEqual({ made: [], isGone: true, pauses: 1 });
});

it('asks again while the server is away, and as long as it may', async () => {
  expect(await left(1, (pauses) => pauses < 2)).toEqual({ made: [], isGone: true, pauses: 3 });
  expect(await left(9, () => true)).toMatchObject({ isGone: false, pauses: 5 });
});
