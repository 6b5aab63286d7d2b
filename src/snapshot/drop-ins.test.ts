import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { moduleFiles } from './module-files.ts';
import { sysctlFiles } from './sysctl-files.ts';
import { udevRules } from './udev-rules.ts';

const paths = (reading: { known: true; value: readonly { path: string }[] } | { known: false }) =>
  reading.known ? reading.value.map(({ path }) => path) : reading;

describe('sysctlFiles', () => {
  const found = parsed(sysctlFiles, {
    files: {
      '/usr/lib/sysctl.d/50-default.conf': 'a = 1\n',
      '/lib/sysctl.d/50-default.conf': 'a = 1\n',
      '/lib/sysctl.d/60-other.conf': 'b = 1\n',
      '/run/sysctl.d/70-run.conf': 'c = 1\n',
      '/etc/sysctl.d/50-default.conf': 'a = 2\n',
      '/etc/sysctl.d/notes.txt': 'no\n',
      '/etc/sysctl.conf': 'd = 1\n',
    },
    links: { '/etc/sysctl.d/99-sysctl.conf': '../sysctl.conf', '/etc/sysctl.d/60-other.conf': '/dev/null' },
  });

  it('lists every file by precedence of its directory, hidden ones too, and a mask as empty', () => {
    expect(paths(found.files)).toEqual([
      '/etc/sysctl.d/50-default.conf',
      '/etc/sysctl.d/60-other.conf',
      '/etc/sysctl.d/99-sysctl.conf',
      '/run/sysctl.d/70-run.conf',
      '/usr/lib/sysctl.d/50-default.conf',
      '/lib/sysctl.d/60-other.conf',
    ]);
    const files = found.files.known ? found.files.value : [];
    expect(files.find(({ path }) => path === '/etc/sysctl.d/60-other.conf')?.text).toMatchObject({
      known: true,
      value: '',
    });
    expect(found.sysctlConf).toMatchObject({ value: 'd = 1\n' });
  });

  it('is unknown as soon as one directory is', () => {
    const globs = Object.fromEntries(
      ['/etc', '/usr/local/lib', '/usr/lib', '/lib'].map((root) => [`${root}/sysctl.d/*.conf`, []]),
    );
    const denied = { state: 'denied', detail: 'Permission denied' } as const;
    const partly = unseen(sysctlFiles, { globs: { ...globs, '/run/sysctl.d/*.conf': denied } });
    expect(partly.files).toMatchObject({ known: false, reason: 'denied', source: '/run/sysctl.d/*.conf' });
    expect(unseen(sysctlFiles).files).toMatchObject({ known: false, reason: 'not-collected' });
    expect(parsed(sysctlFiles, { files: {} }).files).toMatchObject({ known: true, value: [] });
  });
});

describe('moduleFiles', () => {
  it('orders names by bytes, as strcmp(3) does, not by UTF-16', () => {
    const names = ['/etc/modules-load.d/\u{ffff}.conf', '/etc/modules-load.d/\u{1f600}.conf'];
    const found = parsed(moduleFiles, { files: Object.fromEntries(names.map((name) => [name, 'x\n'])) });
    expect(paths(found.load)).toEqual(names);
  });

  it('applies precedence and orders by name whatever the directory', () => {
    const found = parsed(moduleFiles, {
      files: {
        '/etc/modules': 'nf_conntrack\n',
        '/etc/modules-load.d/kubekey-br_netfilter.conf': 'br_netfilter\n',
        '/usr/lib/modules-load.d/fwupd.conf': 'msr\n',
        '/usr/lib/modules-load.d/kubekey-br_netfilter.conf': 'hidden\n',
        '/etc/modprobe.d/local.conf': 'blacklist br_netfilter\n',
      },
      links: { '/etc/modules-load.d/modules.conf': '../modules' },
    });
    expect(paths(found.load)).toEqual([
      '/usr/lib/modules-load.d/fwupd.conf',
      '/etc/modules-load.d/kubekey-br_netfilter.conf',
      '/etc/modules-load.d/modules.conf',
    ]);
    expect(found.load.known && found.load.value[2]?.text).toMatchObject({ value: 'nf_conntrack\n' });
    expect(paths(found.modprobe)).toEqual(['/etc/modprobe.d/local.conf']);
  });
});

describe('udevRules', () => {
  it('keeps what concerns settings', () => {
    const found = parsed(udevRules, {
      files: {
        '/usr/lib/udev/rules.d/50-udev-default.rules': 'SUBSYSTEM=="tty"\n',
        '/usr/lib/udev/rules.d/99-systemd.rules':
          'RUN+="/usr/lib/systemd/systemd-sysctl --prefix=/net/ipv4/conf/$name"\n',
        '/etc/udev/rules.d/90-bridge.rules': 'KERNEL=="br_netfilter", RUN+="/bin/true"\n',
      },
    });
    expect(paths(found)).toEqual(['/etc/udev/rules.d/90-bridge.rules', '/usr/lib/udev/rules.d/99-systemd.rules']);
  });
});
