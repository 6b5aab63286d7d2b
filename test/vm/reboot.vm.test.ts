import { afterAll, beforeAll, expect, test } from 'vitest';
import { upScript } from '../../lab/script.ts';
import { vmBridge } from '../../lab/topologies/vm-bridge.ts';
import type { Probe } from '../../lab/topology.ts';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';
import { INSTALL_FAKE_RKE2 } from './fake-rke2.ts';
import { doctor, linesOf, probe, SEVERAL_BOOTS_MS } from './inside.ts';

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine({ product: true });
});

afterAll(async () => {
  await machine?.dispose();
});

/** The machine is the node whose bridge carries the VMs; FORWARD drops, as after docker's start. */
const BUILD = `
modprobe -a br_netfilter dummy
udevadm settle
iptables -P FORWARD DROP
${upScript(vmBridge, { namespaceOf: (node) => (node === 'node' ? undefined : node) })}
set +e
`;

const SETTING = 'net.bridge.bridge-nf-call-iptables';
const VALUE = 'echo "value: $(cat /proc/sys/net/bridge/bridge-nf-call-iptables)"';
const [BETWEEN_VMS] = vmBridge.probes as [Probe];

/** Runs a fix; what it said only counts when it failed. */
function fix(...args: readonly string[]): string {
  return `hayward fix ${args.join(' ')} --yes >/tmp/fix.out 2>&1 || cat /tmp/fix.out`;
}

/** systemd's own word on every unit that came with a fix, and on the service with its drop-in. */
const VERIFY = `for unit in rke2-server.service $(cd /etc/systemd/system && ls -d hayward-bridge-*.service hayward-bridge-*.timer); do
  systemd-analyze verify "$unit" && echo "verified: $unit"
done`;

test(
  'what the doctor says of the next boot comes true, and a fix holds over reboots and service starts',
  async () => {
    // By the book: a line in sysctl.d, and the value written by hand. It works, until the next boot.
    const byTheBook = await linesOf(
      machine,
      `echo '${SETTING} = 0' > /etc/sysctl.d/90-bridge.conf
    ${BUILD}
    sysctl -qw ${SETTING}=0
    ${probe('by hand', BETWEEN_VMS)}
    ${doctor('--only', 'setting-not-persistent')}`,
    );
    expect(byTheBook).toEqual(['by hand: answered', `setting-not-persistent found: ${SETTING}`]);

    const asForetold = await linesOf(
      machine,
      `${BUILD}
    ${VALUE}
    ${probe('after a reboot', BETWEEN_VMS)}
    ${fix('bridge-netfilter')}
    ${VALUE}
    ${probe('fixed', BETWEEN_VMS)}`,
    );
    expect(asForetold).toEqual(['value: 1', 'after a reboot: lost', 'value: 0', 'fixed: answered']);

    const held = await linesOf(
      machine,
      `${BUILD}
    ${VALUE}
    ${probe('fixed', BETWEEN_VMS)}
    ${doctor('--only', 'bridge-netfilter,setting-not-persistent')}
    ${INSTALL_FAKE_RKE2}
    systemctl start rke2-server
    ${VALUE}
    ${probe('with rke2', BETWEEN_VMS)}
    ${fix('bridge-netfilter')}
    systemctl restart rke2-server
    ${VALUE}
    ${probe('rke2 restarted', BETWEEN_VMS)}
    ${VERIFY}`,
    );
    expect(held).toEqual([
      'value: 0',
      'fixed: answered',
      'value: 1',
      'with rke2: lost',
      'value: 0',
      'rke2 restarted: answered',
      'verified: rke2-server.service',
      expect.stringMatching(/^verified: hayward-.*\.service$/),
      expect.stringMatching(/^verified: hayward-.*\.timer$/),
    ]);

    const heldAgain = await linesOf(
      machine,
      `systemctl is-active rke2-server
    ${VALUE}
    ${BUILD}
    ${probe('rke2 at boot', BETWEEN_VMS)}`,
    );
    expect(heldAgain).toEqual(['active', 'value: 0', 'rke2 at boot: answered']);
  },
  SEVERAL_BOOTS_MS,
);
