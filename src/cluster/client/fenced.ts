import type { KubeConnection } from './connection.ts';
import type { WriteOptions } from './write.ts';

/** The same connection, whose writes are not sent while there is a reason against them. It reads and watches as before. */
export function fenced(client: KubeConnection, reason: () => string | undefined): KubeConnection {
  const within = <T extends WriteOptions>(options: T): T => ({
    ...options,
    unless: () => reason() ?? options.unless?.(),
  });
  return {
    ...client,
    apply: (path, object, options) => client.apply(path, object, within(options)),
    merge: (path, patch, options = {}) => client.merge(path, patch, within(options)),
    create: (path, object, options = {}) => client.create(path, object, within(options)),
    replace: (path, object, options = {}) => client.replace(path, object, within(options)),
    remove: (path, options = {}) => client.remove(path, within(options)),
    apart: () => fenced(client.apart(), reason),
  };
}
