import { type Ask, criSource } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { mapReading, type Reading } from '../hosts/reading.ts';
import { canonical } from '../leases/listing.ts';
import type { Sandbox } from '../leases/model.ts';
import { type Fields, fieldsOf, jsonOf, numberIn, objectIn, objectsIn, textAt, textIn, textsIn } from './fields.ts';
import { subject } from './subject.ts';

/** Asks the runtime behind this socket, or the first of the known places. */
export function sandboxAsk(socket?: string): Ask {
  return { kind: 'cri', ...(socket !== undefined && { socket }) };
}

/** The sandboxes as the runtime lists them: crictl's JSON, or the same with what our own client adds. */
export function sandboxesOf(view: CaptureView, socket?: string): Reading<readonly Sandbox[]> {
  const source = criSource(socket);
  return mapReading(view.text(source), (text) => {
    const listing = fieldsOf(jsonOf(text), 'top level');
    // Without the list it is no answer, and no answer must never read as "nothing runs".
    if (!Array.isArray(listing.object['items'])) throw new Error('no list of items');
    return objectsIn(listing, 'items').map((item) => sandboxFrom(item, source));
  });
}

/** The socket that answered; empty where none did, or none was named (a list that crictl printed). */
export function socketOf(view: CaptureView, socket?: string): string {
  const answered = mapReading(view.text(criSource(socket)), (text) =>
    textIn(fieldsOf(jsonOf(text), 'top level'), 'socket'),
  );
  return (answered.known ? answered.value : undefined) ?? socket ?? '';
}

function sandboxFrom(item: Fields, source: string): Sandbox {
  const metadata = objectIn(item, 'metadata');
  const word = (name: string) => (metadata && textIn(metadata, name)) ?? '';
  return {
    id: textAt(item, 'id'),
    // A state of a runtime newer than we are counts as running: nothing of it is ever taken away.
    state: item.object['state'] === 'SANDBOX_NOTREADY' || item.object['state'] === 1 ? 'notready' : 'ready',
    createdAt: Math.floor(Number(textIn(item, 'createdAt') ?? numberIn(item, 'createdAt') ?? 0) / 1e6) || 0,
    namespace: word('namespace'),
    name: word('name'),
    uid: word('uid'),
    ...networkOf(objectIn(item, 'network')),
    source,
  };
}

function networkOf(network: Fields | undefined): Pick<Sandbox, 'ips' | 'hostNetwork'> {
  if (!network) return { ips: [] };
  return {
    ips: textsIn(network, 'ips').flatMap((ip) => canonical(ip) ?? []),
    hostNetwork: network.object['hostNetwork'] === true,
  };
}

export const sandboxes = subject<Reading<readonly Sandbox[]>>({
  asks: [sandboxAsk()],
  parse: (view) => sandboxesOf(view),
});
