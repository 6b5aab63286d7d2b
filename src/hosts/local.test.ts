import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { viewOf } from './capture.ts';
import { localHost } from './local.ts';
import { spawned } from './spawned.ts';

const host = localHost();

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the local host', () => {
  it('reads files and runs commands for one capture', async () => {
    const capture = await host.collect([
      { kind: 'values', glob: '/proc/sys/net/ipv4/conf/*/rp_filter' },
      { kind: 'run', argv: ['sh', '-c', 'printf "%s %s" "$LC_ALL" "$PATH"'] },
      { kind: 'list', path: '/proc/self/ns' },
    ]);
    const view = viewOf(capture);
    expect(capture.target).toEqual({ name: host.name, via: 'local' });
    expect(view.text('/proc/sys/net/ipv4/conf/all/rp_filter')).toMatchObject({
      known: true,
      value: expect.stringMatching(/^[012]$/),
    });
    expect(view.text(`sh -c 'printf "%s %s" "$LC_ALL" "$PATH"'`)).toMatchObject({
      value: 'C /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/var/lib/rancher/rke2/bin',
    });
    expect(view.list('/proc/self/ns')).toMatchObject({
      value: expect.arrayContaining([expect.objectContaining({ name: 'net', type: 'link' })]),
    });
    expect(view.text('hayward:clock-offset')).toMatchObject({ value: '0' });
    expect(view.text('/never/asked')).toMatchObject({ reason: 'not-collected' });
  });

  it('stops when the time for the whole is over', async () => {
    const capture = await host.collect([{ kind: 'run', argv: ['sleep', '60'] }], { timeoutMs: 200 });
    expect(capture.entries['sleep 60']).toMatchObject({ state: 'failed' });
  });
});

describe('a program that was started', () => {
  it('ends at its time limit, with all that it started', async () => {
    const result = await host.run(['sh', '-c', 'sleep 60 & echo $!; wait'], { timeoutMs: 500 });
    expect(result).toMatchObject({ failed: true, timedOut: true });
    const pid = Number(result.stdout);
    expect(pid).toBeGreaterThan(1);
    while (isRunning(pid)) await turn();
  });

  it('is killed when it does not end by itself', async () => {
    const script = 'trap "" TERM; while :; do sleep 1; done';
    const result = await host.run(['sh', '-c', script], { timeoutMs: 300 });
    expect(result).toMatchObject({ timedOut: true, exitCode: null });
  });

  it('does not hold its caller by a pipe that something in the background keeps', async () => {
    const result = await host.run(['sh', '-c', 'sleep 60 & echo $!']);
    expect(result).toMatchObject({ failed: false, exitCode: 0 });
    process.kill(Number(result.stdout));
  });

  it('is stopped when it says more than it may', async () => {
    const result = await spawned('/usr/bin/yes', [], { maxOutputBytes: 100_000 });
    expect(result).toMatchObject({ failed: true, stderr: 'output beyond 100000 bytes' });
    expect(result.stdout).toHaveLength(100_000);
  });

  it('that cannot be started is a result, not an exception', async () => {
    expect(await spawned('/no/such/program', [], { maxOutputBytes: 1 })).toMatchObject({
      failed: true,
      exitCode: null,
    });
  });
});
