import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DebianMachine, debianMachine } from '../../lab/vm/debian.ts';
import { INSTALL_FAKE_RKE2 } from './fake-rke2.ts';
import { linesOf, SEVERAL_BOOTS_MS } from './inside.ts';

let machine: DebianMachine;

beforeAll(async () => {
  machine = await debianMachine();
});

afterAll(async () => {
  await machine?.dispose();
});

const VALUE = 'cat /proc/sys/net/bridge/bridge-nf-call-iptables';

const boot = (script: string): Promise<string[]> => linesOf(machine, script);

test(
  'what systemd really does with bridge-nf-call-iptables over five boots of one disk',
  async () => {
    const first = await boot(`
    systemctl is-system-running
    printf 'net.bridge.bridge-nf-call-iptables = 0\\nnet.ipv4.ip_forward = 1\\n' > /etc/sysctl.d/90-bridge.conf
    echo written`);
    expect(first).toEqual(['running', 'written']);

    // The line was read at boot, when the key did not exist: br_netfilter sets 1 when it comes. The other line holds.
    const lateModule = await boot(`
    cat /proc/sys/net/ipv4/ip_forward
    modprobe br_netfilter
    ${VALUE}
    printf '%s\\n' 'ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", RUN+="/lib/systemd/systemd-sysctl --prefix=/net/bridge"' > /etc/udev/rules.d/99-bridge.rules`);
    expect(lateModule).toEqual(['1', '1']);

    const udevRule = await boot(`
    modprobe br_netfilter
    udevadm settle
    ${VALUE}
    rm /etc/udev/rules.d/99-bridge.rules
    echo br_netfilter > /etc/modules-load.d/bridge.conf
    printf 'net.ipv4.conf.*.rp_filter = 2\\n' > /etc/sysctl.d/91-links.conf`);
    expect(udevRule).toEqual(['0']);

    // modules-load.d brings the module before systemd-sysctl; a link that appears gets its own keys from udev.
    const earlyModule = await boot(`
    ${VALUE}
    sysctl -qw net.ipv4.conf.default.rp_filter=0
    ip link add late0 type dummy
    udevadm settle
    cat /proc/sys/net/ipv4/conf/late0/rp_filter
    ${INSTALL_FAKE_RKE2}`);
    expect(earlyModule).toEqual(['0', '2']);

    // Right at boot, wrong since the service started; an ExecStartPost beats it, at this start and at the next.
    const service = await boot(`
    ${VALUE}
    mkdir -p /etc/systemd/system/rke2-server.service.d
    printf '[Service]\\nExecStartPost=/sbin/sysctl -qw net.bridge.bridge-nf-call-iptables=0\\n' > /etc/systemd/system/rke2-server.service.d/override.conf
    systemctl daemon-reload
    systemctl restart rke2-server
    ${VALUE}
    systemd-analyze verify rke2-server.service && echo verified`);
    expect(service).toEqual(['1', '0', 'verified']);
  },
  SEVERAL_BOOTS_MS,
);
