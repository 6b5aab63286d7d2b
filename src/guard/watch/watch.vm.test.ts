import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianMachine, debianMachine } from '../../../lab/vm/debian.ts';
import { bundled } from './kernel-test-bed.ts';

/** Units and modules as a real systemd and a modular kernel make them come and go, and what the keeper does about it. */

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine();
});
afterAll(async () => {
  await machine?.dispose();
});

/** Appends what it sees to /run/seen, one line each. */
const PROGRAM = `
import { appendFileSync } from 'node:fs';
import { makeKeeper } from '../keep/keeper.ts';
import { watchModules } from './modules.ts';
import { watchSettings } from './settings.ts';
import { watchUnits } from './units.ts';
const say = (line) => appendFileSync('/run/seen', line + '\\n');
const units = watchUnits();
const modules = watchModules();
const settings = watchSettings();
const key = 'net/bridge/bridge-nf-call-iptables';
const keeper = makeKeeper({ intervalMs: 50 });
keeper.want([{ kind: 'setting', key, value: '0', by: 'test', reason: { en: '', 'zh-CN': '' } }]);
say(units.known ? 'watching' : units.detail);
setInterval(() => {
  const now = { ms: performance.now(), at: new Date() };
  for (const { unit, what } of units.value.drain(now.ms)) say(unit + ' ' + what);
  for (const { module, what } of modules.drain()) say(module + ' ' + what);
  for (const kept of keeper.order()) {
    const action = keeper.look(kept.key, settings.read(key), now);
    if (action.do === 'repair') keeper.repaired(kept.key, settings.write(key, action.value), now);
  }
  for (const event of keeper.events()) say(event.type + ' ' + (event.value ?? event.reason ?? event.to));
}, 50);
`;

const UNIT = `[Service]
Type=notify
NotifyAccess=all
KillMode=process
Restart=always
RestartSec=1
ExecStartPre=-/bin/false
ExecStart=/bin/sh -c 'sleep 600 & sleep 1; systemd-notify --ready; while :; do sleep 1; done'
`;

const SCRIPT = `
base64 -d > /run/watch.mjs <<'END'
${Buffer.from(bundled(PROGRAM)).toString('base64')}
END
for name in rke2-server k3s; do cat > /run/systemd/system/$name.service <<'END'
${UNIT}
END
done
systemctl daemon-reload
modprobe -r br_netfilter
node /run/watch.mjs &
watcher=$!
trap 'kill $watcher' EXIT
# Waits for a line since the last step, and gives up with what was seen.
until_seen() {
  for try in $(seq 300); do
    tac /run/seen 2>/dev/null | sed '/^==/q' | grep -qx "$1" && return
    sleep 0.1
  done
  cat /run/seen; echo "never seen: $1"; exit 1
}
step() { echo "== $1" >> /run/seen; }
until_seen 'unreadable absent'
step start; systemctl start rke2-server; until_seen 'rke2-server started'
step reload; systemctl daemon-reload; systemctl daemon-reexec; systemctl start k3s; until_seen 'k3s started'
step restart; systemctl restart rke2-server; until_seen 'rke2-server started'
step crash; systemctl kill -s KILL --kill-who=main rke2-server; until_seen 'rke2-server started'
step stop; systemctl stop rke2-server; until_seen 'rke2-server stopped'
for time in 1 2; do
  step load; modprobe br_netfilter; until_seen 'repaired 0'; until_seen 'br_netfilter appeared'
  cat /proc/sys/net/bridge/bridge-nf-call-iptables >> /run/seen
  step unload; modprobe -r br_netfilter; until_seen 'unreadable absent'; until_seen 'br_netfilter vanished'
done
cat /run/seen
`;

test('starts, restarts, crashes and stops are seen, and a module’s settings are put right when it loads', async () => {
  // Where the emulator gets too little of a processor, the kernel's check finds its timer dead, and then it is.
  const { output } = await machine.boot(SCRIPT, { timeoutMs: 240_000, append: 'no_timer_check' });
  const steps = output.split(/^== /m).map((step) => step.trim().split('\n'));
  // Between two looks a unit may have stopped and started: then it is told once. Modules and settings are two watches.
  const lasting = steps.map(([step = '', ...lines]) => [
    step,
    ...lines.filter((line) => line !== 'rke2-server stopped' || step === 'stop').sort(),
  ]);
  expect(lasting).toEqual([
    ['watching', 'unreadable absent'],
    ['start', 'rke2-server started'],
    ['reload', 'k3s started'],
    ['restart', 'rke2-server started'],
    ['crash', 'rke2-server started'],
    ['stop', 'rke2-server stopped'],
    ...[1, 2].flatMap(() => [
      ['load', '0', 'br_netfilter appeared', 'drift 1', 'repaired 0'],
      ['unload', 'br_netfilter vanished', 'unreadable absent'],
    ]),
  ]);
});
