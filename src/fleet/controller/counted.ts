import type { KubeClient } from '../../cluster/client/client.ts';
import type { KubeConnection } from '../../cluster/client/connection.ts';

/** The same connection, and all that come of it; each request is told by its verb before it is sent. */
export function counted(client: KubeConnection, asked: Asked): KubeConnection {
  const telling = teller(asked);
  return {
    ...client,
    ...countedReading(client, asked),
    apply: (...more) => telling('patch', () => client.apply(...more)),
    merge: (...more) => telling('patch', () => client.merge(...more)),
    create: (...more) => telling('post', () => client.create(...more)),
    replace: (...more) => telling('put', () => client.replace(...more)),
    remove: (...more) => telling('delete', () => client.remove(...more)),
    watch: (...more) => telling('watch', () => client.watch(...more)),
    apart: () => counted(client.apart(), asked),
  };
}

type Asked = (verb: string) => void;

function teller(asked: Asked) {
  return <T>(verb: string, ask: () => T): T => {
    asked(verb);
    return ask();
  };
}

function countedReading(client: KubeClient, asked: Asked): KubeClient {
  const telling = teller(asked);
  return {
    ...client,
    text: (...more) => telling('get', () => client.text(...more)),
    json: (...more) => telling('get', () => client.json(...more)),
    outcome: (...more) => telling('get', () => client.outcome(...more)),
    review: (...more) => telling('post', () => client.review(...more)),
    at: (...more) => countedReading(client.at(...more), asked),
  };
}
