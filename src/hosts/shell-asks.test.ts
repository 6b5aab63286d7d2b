import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { criSource } from './ask.ts';
import { planOf } from './plan.ts';
import { inShell } from './shell-asks.ts';

const folder = mkdtempSync(join(tmpdir(), 'hayward-crictl-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A search path that holds this program alone, which says how it was called, and then does as told. */
function only(name: string, then = ''): string {
  const path = mkdtempSync(join(folder, `${name}-`));
  symlinkSync('/bin/sh', join(path, 'sh'));
  writeFileSync(join(path, name), `#!/bin/sh\necho "${name} $*"\n${then}\n`);
  chmodSync(join(path, name), 0o755);
  return path;
}

function asked(socket: string | undefined, path: string) {
  const run = inShell(planOf([{ kind: 'cri', ...(socket !== undefined && { socket }) }])).runs.at(-1);
  expect(run?.as).toBe(criSource(socket));
  const [, ...args] = run?.argv ?? [];
  return spawnSync('/bin/sh', args, { env: { PATH: path }, encoding: 'utf8' });
}

describe('a runtime asked by a shell', () => {
  it("is asked by the node's crictl, or k3s's own", () => {
    const endpoint = '--runtime-endpoint unix:///s ock --timeout 15s';
    for (const [name, start] of [
      ['crictl', 'crictl'],
      ['k3s', 'k3s crictl'],
    ] as const) {
      const asks = [`${start} ${endpoint} pods -o json`, `${start} ${endpoint} pods -q --no-trunc --state ready`];
      const [list = '', ready = ''] = asks;
      const inspected = `${start} ${endpoint} inspectp -q -o json ${ready}`;
      expect(asked('/s ock', only(name)).stdout).toBe(`socket /s ock\n${list}\ninspected\n${inspected}\n`);
    }
  });

  it('gives no answer where the list fails, with its words', () => {
    const { status, stderr, stdout } = asked('/socket', only('crictl', 'echo "no such socket" >&2; exit 1'));
    expect([status, stderr.trim(), stdout]).toEqual([1, 'no such socket', '']);
  });

  it('cannot be asked without crictl, which is no word on what runs', () => {
    const { status, stderr } = asked('/socket', only('nothing'));
    expect([status, stderr.trim()]).toEqual([1, 'crictl is not installed on the node']);
  });

  it('runs after everything else, and leases are read before', () => {
    const { runs } = inShell(
      planOf([{ kind: 'cri' }, { kind: 'run', argv: ['true'] }, { kind: 'leases', directory: '/d' }]),
    );
    expect(runs.map(({ argv, as }) => as ?? argv[0])).toEqual(['/d', 'true', 'crictl pods -o json']);
  });
});
