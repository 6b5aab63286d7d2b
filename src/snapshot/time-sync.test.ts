import { describe, expect, it } from 'vitest';
import { parsed, unseen } from '../../test/parse.ts';
import { CLOCK_OFFSET_SOURCE, CLOCK_SOURCE } from '../hosts/draft.ts';
import { timeSync } from './time-sync.ts';

const TRACKING =
  'C0A81401,192.168.20.1,3,1767225590.1,0.000012,-0.000004,0.00002,-12.3,0.001,0.012,0.0012,0.0005,64.2,';

function clocks(clock: string, offset: string) {
  const entries = {
    [CLOCK_SOURCE]: { state: 'ok', text: clock },
    [CLOCK_OFFSET_SOURCE]: { state: 'ok', text: offset },
  } as const;
  return unseen(timeSync, { entries });
}

describe('timeSync', () => {
  it('reads the clock as far as the node can tell it', () => {
    expect(clocks('1767225600.123456789\n', '-3.25').clock).toMatchObject({ value: '2026-01-01T00:00:00.123Z' });
    expect(clocks('1767225600.%N\n', '0').clock).toMatchObject({ value: '2026-01-01T00:00:00.000Z' });
    expect(clocks('1767225600.123456789\n', '-3.25').offsetSeconds).toMatchObject({ value: -3.25 });
    expect(clocks('noon', 'late')).toMatchObject({ clock: { reason: 'failed' }, offsetSeconds: { reason: 'failed' } });
    expect(unseen(timeSync).offsetSeconds).toMatchObject({ known: false, reason: 'not-collected' });
  });

  it('asks the kernel, then chrony, then timesyncd whether it is synchronised', () => {
    const at = (commands: Record<string, string>, files: Record<string, string> = {}) =>
      parsed(timeSync, { files, commands }).synchronized;
    expect(at({ 'timedatectl show': 'NTP=yes\nNTPSynchronized=no\n' })).toMatchObject({ value: false });
    expect(at({ 'chronyc -c tracking': `${TRACKING}Normal\n` })).toMatchObject({
      value: true,
      source: 'chronyc -c tracking',
    });
    expect(at({ 'chronyc -c tracking': `${TRACKING}Not synchronised\n` })).toMatchObject({ value: false });
    expect(at({ 'chronyc -c tracking': 'hello\n' })).toMatchObject({ known: false });
    expect(at({}, { '/run/systemd/timesync/synchronized': '' })).toMatchObject({
      value: true,
      source: '/run/systemd/timesync/synchronized',
    });
    expect(at({}, { '/run/systemd/timesync/other': '' })).toMatchObject({ known: false, reason: 'absent' });
  });
});
