import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';

/** The watcher over a fix on trial, where a real systemd runs the machine: it outlives the session and is started again. */

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine({ product: true });
});
afterAll(async () => {
  await machine?.dispose();
});

const SCRIPT = `
set -e
for side in 0 1; do
  ip netns add side$side
  ip link add guest$side type veth peer name eth0 netns side$side
  ip addr add 10.9.$side.1/24 dev guest$side
  ip link set guest$side up
  ip -n side$side link set eth0 up
done
echo 0 > /proc/sys/net/ipv4/ip_forward
# A service ends as a session does with KillUserProcesses=yes: whatever is left of its processes is killed.
systemd-run --quiet --unit=session --collect hayward fix ip-forward --try 60s --yes --no-persist --no-probe --quiet
while systemctl is-active --quiet session; do sleep 0.1; done
unit=$(systemctl list-units --no-legend --plain 'hayward-trial-*' | cut -d ' ' -f 1)
echo "unit $unit"
first=$(systemctl show -P MainPID "$unit")
kill -9 "$first"
for try in $(seq 300); do
  next=$(systemctl show -P MainPID "$unit")
  [ "$next" != 0 ] && [ "$next" != "$first" ] && break
  sleep 0.1
done
[ "$next" != "$first" ] && echo "again"
cat /proc/sys/net/ipv4/ip_forward
for try in $(seq 1200); do
  [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 0 ] && break
  sleep 0.1
done
cat /proc/sys/net/ipv4/ip_forward
while systemctl is-active --quiet "$unit"; do sleep 0.1; done
hayward journal --json
`;

test('a watcher that is a unit of systemd survives the session and its own death', async () => {
  const { exitCode, output } = await machine.boot(SCRIPT, { timeoutMs: 280_000 });
  expect([exitCode, output]).toEqual([0, expect.stringMatching(/unit hayward-trial-\S+\.service\nagain\n1\n0\n/)]);
  expect(output).toContain('"why": "no-answer"');
});
