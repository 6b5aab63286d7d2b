import { expect, test } from 'vitest';
import { guardUnit } from './unit.ts';

const program = { node: '/opt/node 20/bin/node', script: '/opt/hayward/dist/cli.js' };

function lines(options: readonly string[], environment: Readonly<Record<string, string>> = {}): readonly string[] {
  return guardUnit({ program, options, environment }).split('\n');
}

test('the command is what was typed, whatever it holds', () => {
  const [exec] = lines(['--hold', 'net.ipv4.conf.eth0/5.rp_filter=2', '--token-file', '/etc/$x 100%']).filter((line) =>
    line.startsWith('ExecStart='),
  );
  expect(exec).toBe(
    'ExecStart="/opt/node 20/bin/node" "/opt/hayward/dist/cli.js" "guard" "--hold" "net.ipv4.conf.eth0/5.rp_filter=2" "--token-file" "/etc/$$x 100%%"',
  );
});

test('a place for state of one’s own is told, and may be written wherever it is', () => {
  const unit = lines([], { HAYWARD_STATE: '/root/$state 100%' });
  expect(unit).toContain('Environment="HAYWARD_STATE=/root/$state 100%%"');
  expect(unit).toContain('ReadWritePaths=-"/root/$state 100%%"');
});

test('each capability is granted with its reason', () => {
  const unit = lines([]);
  const named = unit.flatMap((line) => /^# (CAP_[A-Z_]+): /.exec(line)?.[1] ?? []);
  expect(named.length).toBeGreaterThan(0);
  expect(unit).toContain(`CapabilityBoundingSet=${named.join(' ')}`);
});
