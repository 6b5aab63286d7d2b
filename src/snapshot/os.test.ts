import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { os } from './os.ts';

describe('os', () => {
  it('reads a node', () => {
    const found = parsed(os, {
      files: {
        '/etc/os-release':
          '# comment\nPRETTY_NAME="Harvester v1.4.1"\nID=\'sle-micro-rancher\'\nID_LIKE="suse opensuse"\nVERSION_ID="5.5"\nVARIANT_ID=Harvester-20250206\nODD="a \\"quote\\""\nnot an assignment\n',
        '/proc/sys/kernel/osrelease': '5.14.21-150500.55.91-default\n',
        '/proc/sys/kernel/random/boot_id': '7c1a53a2-4f0e-4d5c-9d6a-0f4a3b1f5e11\n',
        '/proc/uptime': '93784.42 371204.11\n',
        '/proc/stat': 'cpu  120 0 80\nbtime 1767132616\nprocesses 1\n',
        '/proc/cmdline': 'root=LABEL=COS_STATE panic=5\n',
        '/etc/hostname': 'harvester-1\n',
      },
      commands: { 'systemctl show -p Virtualization': 'Virtualization=\n', 'id -u': '0\n' },
    });
    expect(found).toMatchObject({
      release: {
        value: {
          id: 'sle-micro-rancher',
          idLike: ['suse', 'opensuse'],
          versionId: '5.5',
          prettyName: 'Harvester v1.4.1',
          variantId: 'Harvester-20250206',
        },
        source: '/etc/os-release',
      },
      kernel: { value: '5.14.21-150500.55.91-default' },
      bootId: { value: '7c1a53a2-4f0e-4d5c-9d6a-0f4a3b1f5e11' },
      uptime: { value: 93784.42 },
      bootTime: { value: '2025-12-30T22:10:16.000Z', source: '/proc/stat' },
      commandLine: { value: 'root=LABEL=COS_STATE panic=5' },
      hostname: { value: 'harvester-1', source: '/etc/hostname' },
      virtualization: { value: 'none' },
      root: { value: true },
    });
  });

  it('takes the vendor’s os-release and systemd-detect-virt where the first choice is missing', () => {
    const found = parsed(os, {
      files: { '/usr/lib/os-release': 'NAME=x\n' },
      commands: { 'systemd-detect-virt': 'docker\n', 'id -u': '1000\n' },
    });
    expect(found.release).toMatchObject({ value: { id: 'linux', prettyName: 'Linux' }, source: '/usr/lib/os-release' });
    expect(found.virtualization).toMatchObject({ value: 'docker' });
    expect(found.root).toMatchObject({ value: false });
  });

  it('does not take an exit status of systemd-detect-virt for bare metal', () => {
    const failed = { state: 'failed', detail: 'exit status 1' } as const;
    const found = parsed(os, { files: {}, commands: { 'systemd-detect-virt': failed } });
    expect(found.virtualization).toMatchObject({ known: false, reason: 'failed' });
  });

  it('keeps each reading apart when one is malformed', () => {
    const found = parsed(os, {
      files: {
        '/etc/os-release': '<html>\n',
        '/proc/uptime': 'soon\n',
        '/proc/stat': 'cpu 1\n',
        '/proc/sys/kernel/osrelease': 'a\nb\n',
      },
      commands: { 'id -u': 'uid=0(root)\n', 'systemctl show -p Virtualization': 'nothing\n' },
    });
    expect(found.release).toMatchObject({ reason: 'failed', detail: 'no NAME=value line' });
    expect(found.uptime).toMatchObject({ reason: 'failed', detail: 'line 1, field 1: not a number of seconds' });
    expect(found.bootTime).toMatchObject({ reason: 'failed' });
    expect(found.kernel).toMatchObject({ reason: 'failed', detail: 'expected one line' });
    expect(found.root).toMatchObject({ reason: 'failed' });
    expect(found.virtualization).toMatchObject({ reason: 'failed' });
    expect(found.bootId).toMatchObject({ reason: 'absent' });
  });

  it('is not collected where nothing was', () => {
    for (const reading of Object.values(unseen(os)))
      expect(reading).toMatchObject({ known: false, reason: 'not-collected' });
  });
});
