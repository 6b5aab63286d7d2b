/**
 * Shell text of a Harvester node for the guard's tests: a release file, and a reader of bridge-nf-call-iptables that
 * writes down each other value it meets, `SECONDS-SINCE-BOOT VALUE`.
 */

export const KEY = '/proc/sys/net/bridge/bridge-nf-call-iptables';
/** What the guard tells, kept over reboots of a Harvester node. */
export const HISTORY = '/usr/local/lib/hayward/guard/history.jsonl';

/** The last plan of a node without critical problems. */
export const LAST_GOOD = '/usr/local/lib/hayward/guard/last-good.json';

/** Reads without a pause, or with one of so many milliseconds, so that a whole boot can be watched. */
const READER = `#!/usr/bin/perl
$| = 1;
my ($pause, $last) = ($ARGV[0] / 1000, '');
sub first_line { open my $file, '<', $_[0] or return; my $line = <$file>; chomp $line if defined $line; $line }
for (;;) {
  my $value = first_line('${KEY}') // 'absent';
  print((split ' ', first_line('/proc/uptime'))[0], " $value\\n") if $value ne $last;
  $last = $value;
  select undef, undef, undef, $pause if $pause;
}
`;

/** From early in each boot on in /run/values. */
const READER_UNIT = `[Unit]
DefaultDependencies=no
Before=hayward-guard.service
[Service]
ExecStart=/usr/local/bin/value-reader 10
StandardOutput=truncate:/run/values
[Install]
WantedBy=multi-user.target
`;

/** Harvester's, since v1.4.1; the second line is the test's, and says what the first one came to. */
const DROP_IN = `[Service]
ExecStartPost=/sbin/sysctl -q -w net.bridge.bridge-nf-call-iptables=0
ExecStartPost=/bin/cp --no-preserve=all ${KEY} /run/when-ready
`;

/** What an emulated processor needs more time for; and a watchdog that need not be waited for so long. */
const SLOW_MACHINE = `[Service]
TimeoutStartSec=infinity
WatchdogSec=10
`;

/** Harvester's own second line of defence is gone. */
export const WITHOUT_DROP_IN = `
rm -r /etc/systemd/system/rke2-server.service.d
systemctl daemon-reload
`;

export const INSTALL_NODE = `
echo 'harvester: v1.4.1' > /etc/harvester-release.yaml
mkdir -p /etc/systemd/system/rke2-server.service.d
cat > /etc/systemd/system/rke2-server.service.d/override.conf <<'END'
${DROP_IN}END
mkdir -p /etc/systemd/system/hayward-guard.service.d
cat > /etc/systemd/system/hayward-guard.service.d/slow-machine.conf <<'END'
${SLOW_MACHINE}END
cat > /usr/local/bin/value-reader <<'END'
${READER}END
chmod 755 /usr/local/bin/value-reader
cat > /etc/systemd/system/value-reader.service <<'END'
${READER_UNIT}END
systemctl daemon-reload
systemctl -q enable value-reader
`;

/** Shell functions. What never comes ends the script, with what the guard and RKE2 said. */
export const WAITING = `
( sleep 900 >/dev/null 2>&1; journalctl --no-pager -o cat -u hayward-guard -u rke2-server | tail -n40; kill $$ ) &
trap "kill $!" EXIT
touch /run/rke2-starts
# Without another process: each costs an emulated machine some 50 ms.
value() { local value=absent; { read -r value < ${KEY}; } 2>/dev/null; echo $value; }
lines() { local all; mapfile -t all < "$1"; echo \${#all[@]}; }
until_value() { until [ "$(value)" = "$1" ]; do sleep 0.3; done; }
until_active() { until systemctl -q is-active "$1"; do sleep 1; done; }
until_starts() { until [ "$(lines /run/rke2-starts)" -ge "$1" ]; do sleep 0.3; done; }
until_told() { until [[ "$(< ${HISTORY})" == *"$1"* ]]; do sleep 1; done; }
main_pid() { systemctl show -p MainPID --value hayward-guard; }
# A judgement of the node that has begun, and does not go on until it is told to.
stop_judging() {
  systemctl reload hayward-guard
  until judgement=$(pgrep -f 'guard plan --json'); do sleep 0.3; done
  kill -STOP $judgement
}
# Waits until the guard is another process than before, and says nothing of whether it is ready.
until_restarted() { until pid=$(main_pid); [ "$pid" != 0 ] && [ "$pid" != "$1" ]; do sleep 0.5; done; }
# Reads without a pause while something is done, and says which values were seen.
watching() {
  : > /run/seen
  value-reader 0 > /run/seen & local reader=$!
  until [ -s /run/seen ]; do :; done
  "\${@:2}"
  kill $reader
  echo "$1: $(cut -d' ' -f2 /run/seen | paste -sd' ')"
}
`;
