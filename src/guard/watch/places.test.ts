import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cni } from '../../snapshot/cni.ts';
import { harvester } from '../../snapshot/harvester.ts';
import { moduleFiles } from '../../snapshot/module-files.ts';
import { RANCHER_CONFIG_ASKS } from '../../snapshot/rancher-config.ts';
import { sysctlFiles } from '../../snapshot/sysctl-files.ts';
import { udevRules } from '../../snapshot/udev-rules.ts';
import { PLACES } from './places.ts';

function isWatched(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return PLACES.some(({ directory, names }) => directory === dirname(path) && (names?.test(name) ?? true));
}

describe('the places that are watched', () => {
  it('have every file that decides about settings in a judgement', () => {
    const asks = [
      ...sysctlFiles.asks,
      ...moduleFiles.asks,
      ...udevRules.asks,
      ...harvester.asks,
      ...cni.asks,
      ...RANCHER_CONFIG_ASKS,
    ];
    const paths = asks.flatMap((ask) => (ask.kind === 'file' ? [ask.path] : ask.kind === 'files' ? [ask.glob] : []));
    expect(paths.length).toBeGreaterThan(20);
    expect(paths.map((path) => path.replace('*', 'x')).filter((path) => !isWatched(path))).toEqual([]);
  });

  it('have units of Kubernetes and what is dropped into them', () => {
    for (const path of [
      '/etc/systemd/system/rke2-server.service',
      '/etc/systemd/system/rke2-server.service.d/override.conf',
      '/usr/local/lib/systemd/system/rke2-agent.service',
      '/run/systemd/system/kubelet.service.d/50-x.conf',
      '/etc/os-release',
      '/usr/lib/os-release',
    ])
      expect(isWatched(path), path).toBe(true);
    for (const path of ['/etc/passwd', '/etc/systemd/system/cron.service', '/usr/lib/os-release.bak'])
      expect(isWatched(path), path).toBe(false);
  });
});
