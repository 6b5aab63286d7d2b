import type { GuardStatus, KeyStatus, Writer } from '../model.ts';

/** Literals for tests of what tells. */

export const WRITER: Writer = {
  comm: 'sysctl',
  cgroup: '/system.slice/rke2-server.service',
  pid: 4321,
  at: '2026-11-21T10:00:00.000Z',
};

export const RIGHT_KEY: KeyStatus = {
  key: 'net.ipv4.ip_forward',
  value: '1',
  wanted: '1',
  right: true,
  held: 'kernel',
  drifts: 0,
  repairs: 0,
  lastWriter: null,
  lastDriftAt: null,
  contested: false,
  by: 'ip-forward',
  reason: 'Pods are routed here',
};

export function statusWith(keys: readonly KeyStatus[], rest: Partial<GuardStatus> = {}): GuardStatus {
  return {
    schemaVersion: 1,
    running: true,
    pid: 77,
    since: '2026-11-21T09:00:00.000Z',
    profile: 'harvester',
    phase: 'launched',
    enforce: { asked: 'auto', inForce: 'kernel', why: '' },
    keys,
    conflicts: [],
    paused: false,
    pausedUntil: null,
    recent: [],
    judged: { at: '2026-11-21T09:59:00.000Z', problems: 0, unknown: 1 },
    ...rest,
  };
}
