import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { sourceOf } from '../hosts/ask.ts';
import { units } from './units.ts';

const SHOW = units.asks.flatMap((ask) => (ask.kind === 'run' ? [sourceOf(ask.argv)] : []))[0] ?? '';
const UNIT = '/usr/local/lib/systemd/system/rke2-server.service';
const DROP_IN = '/etc/systemd/system/rke2-server.service.d/override.conf';

const FILES = {
  '/proc/stat': 'cpu  1 2 3\nbtime 1767132616\n',
  '/proc/1/comm': 'systemd\n',
  [UNIT]: '[Service]\nType=notify\n',
  [DROP_IN]: '[Service]\nExecStartPost=/sbin/sysctl -w net.bridge.bridge-nf-call-iptables=0\n',
  '/run/systemd/system/session.scope': '',
};

const SHOWN = `ExecMainStartTimestampMonotonic=31400211
Id=rke2-server.service
LoadState=loaded
ActiveState=active
SubState=running
FragmentPath=${UNIT}
DropInPaths=${DROP_IN}
UnitFileState=enabled
ActiveEnterTimestampMonotonic=151890347

ExecMainStartTimestampMonotonic=0
Id=rke2-agent.service
LoadState=not-found
ActiveState=inactive
SubState=dead
FragmentPath=
DropInPaths=
UnitFileState=
ActiveEnterTimestampMonotonic=0

ExecMainStartTimestampMonotonic=0
Id=chrony.service
LoadState=loaded
ActiveState=inactive
SubState=dead
FragmentPath=/lib/systemd/system/chrony.service
DropInPaths=
UnitFileState=disabled
ActiveEnterTimestampMonotonic=0

Id=chrony.service
LoadState=loaded
ActiveState=inactive
`;

describe('units', () => {
  it('tells states, times and texts of those that exist', () => {
    const found = parsed(units, { files: FILES, commands: { [SHOW]: SHOWN } });
    expect(found.systemd).toMatchObject({ value: true });
    expect(found.units.known && found.units.value).toMatchObject([
      {
        name: 'rke2-server.service',
        loadState: 'loaded',
        activeState: 'active',
        subState: 'running',
        unitFileState: 'enabled',
        execStart: '2025-12-30T22:10:47.400Z',
        activeEnter: '2025-12-30T22:12:47.890Z',
        files: [
          { path: UNIT, text: { value: FILES[UNIT] } },
          { path: DROP_IN, text: { value: FILES[DROP_IN] } },
        ],
      },
      { name: 'chrony.service', activeState: 'inactive', files: [{ text: { known: false, reason: 'not-collected' } }] },
    ]);
    const chrony = found.units.known ? found.units.value[1] : undefined;
    expect(chrony).not.toHaveProperty('execStart');
  });

  it('adds the administrator’s own units that speak of settings', () => {
    const own = '/etc/systemd/system/fix-bridge.service';
    const files = {
      ...FILES,
      [own]: '[Service]\nExecStart=/bin/sh -c "echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables"\n',
      '/etc/systemd/system/web.service': '[Service]\nExecStart=/usr/bin/web\n',
    };
    const found = parsed(units, { files, commands: { [SHOW]: SHOWN } });
    const names = found.units.known ? found.units.value.map(({ name }) => name) : [];
    expect(names).toEqual(['rke2-server.service', 'chrony.service', 'fix-bridge.service']);
  });

  it('falls back to the files where systemd does not answer', () => {
    const links = { '/etc/systemd/system/multi-user.target.wants/rke2-server.service': UNIT };
    const { '/run/systemd/system/session.scope': _, ...atRest } = { ...FILES, '/proc/1/comm': 'sleep\n' };
    const found = parsed(units, { files: atRest, links });
    expect(found.units.known && found.units.value).toMatchObject([
      {
        name: 'rke2-server.service',
        loadState: '',
        activeState: '',
        unitFileState: 'enabled',
        files: [{ path: UNIT }, { path: DROP_IN }],
      },
    ]);
    expect(found.units.known && found.units.source).toContain('/etc/systemd/system');
  });

  it('reads a directory by its other name', () => {
    const shown = SHOWN.replace(UNIT, '/lib/systemd/system/rke2-server.service');
    const files = { ...FILES, '/usr/lib/systemd/system/rke2-server.service': 'here\n' };
    const found = parsed(units, { files, commands: { [SHOW]: shown } });
    expect(found.units.known && found.units.value[0]?.files[0]).toMatchObject({ text: { value: 'here\n' } });
  });

  it('knows another init from none that was seen', () => {
    expect(parsed(units, { files: { '/proc/1/comm': 'tini\n' } }).systemd).toMatchObject({ known: true, value: false });
    expect(parsed(units, { files: {} }).systemd).toMatchObject({ known: false, reason: 'absent' });
    expect(unseen(units).systemd).toMatchObject({ known: false, reason: 'not-collected' });
    expect(unseen(units).units).toMatchObject({ known: false, reason: 'not-collected' });
  });

  it('takes answers it does not understand for none', () => {
    const found = parsed(units, {
      files: { '/proc/1/comm': 'systemd\n' },
      commands: { [SHOW]: 'Id=a.service\n\nfoo\n' },
    });
    expect(found.units).toMatchObject({ known: false, reason: 'failed', detail: 'block 1: no Id and LoadState' });
    expect(parsed(units, { files: FILES }).units).toMatchObject({ known: false, reason: 'absent' });
  });
});
