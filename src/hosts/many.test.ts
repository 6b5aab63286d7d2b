import { describe, expect, it } from 'vitest';
import { captureOf, emptyDraft, unreachable } from './draft.ts';
import type { Host } from './host.ts';
import { collectMany } from './many.ts';

/** Hosts that answer only when told to, so that what runs at once can be seen. */
function heldHosts(count: number) {
  const running = new Set<number>();
  const release: (() => void)[] = [];
  let most = 0;
  const hosts = Array.from({ length: count }, (_, index): Host => {
    const name = `node-${index}`;
    return {
      name,
      via: 'ssh',
      async collect() {
        running.add(index);
        most = Math.max(most, running.size);
        await new Promise<void>((resolve) => release.push(resolve));
        running.delete(index);
        return index === 1 ? unreachable(name, 'ssh', 'failed', 'gone') : captureOf({ name, via: 'ssh' }, emptyDraft());
      },
    };
  });
  return { hosts, release, most: () => most };
}

describe('many hosts', () => {
  it('are asked a bounded number at once, and answer in their order', async () => {
    const { hosts, release, most } = heldHosts(7);
    const progress: string[] = [];
    const all = collectMany(hosts, [], {
      bound: 3,
      onProgress: (done, total, name, outcome) => progress.push(`${done}/${total} ${name} ${outcome}`),
    });
    // Always the one that was started last: the order of answers is not that of the hosts.
    while (progress.length < hosts.length) {
      release.pop()?.();
      await new Promise(setImmediate);
    }
    const captures = await all;
    expect(captures.map(({ target }) => target.name)).toEqual(hosts.map(({ name }) => name));
    expect(most()).toBe(3);
    expect(progress[0]).toBe('1/7 node-2 answered');
    expect(progress.find((line) => line.includes('node-1 '))).toContain('unreachable');
  });

  it('may be none', async () => {
    expect(await collectMany([], [], { bound: 8 })).toEqual([]);
  });
});
