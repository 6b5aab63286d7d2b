import { expect, test } from 'vitest';
import { bootInitramfs } from '../../lab/vm/initramfs.ts';
import { kernel } from '../../lab/vm/kernel.ts';
import type { Reading } from '../hosts/reading.ts';
import type { BridgeProbe } from './bridge-frame.ts';
import { bundleProbes, PROJECT } from './kernel-test-bed.ts';

/** One probe's reading on a line of its own. */
function probe(options: object): string {
  return `node /opt/probe/probe.mjs '${JSON.stringify(['bridge', 'br0', options])}'; echo`;
}

test('a bridge that filters VLANs is probed in its default VLAN, a named one, or one of our own', async () => {
  const bundle = bundleProbes();
  try {
    const boot = await bootInitramfs({
      kernel: await kernel(),
      modules: ['veth', 'bridge', 'br_netfilter', '8021q', 'ip_tables', 'iptable_filter'],
      programs: ['node', 'ip', 'bridge', 'iptables-legacy'],
      copies: {
        '/opt/probe/probe.mjs': bundle.file,
        '/opt/probe/node_modules/koffi': `${PROJECT}/node_modules/koffi`,
        '/opt/probe/node_modules/@koromix': `${PROJECT}/node_modules/@koromix`,
      },
      script: `
        # The shell would take its own applet.
        ip() { /bin/ip "$@"; }
        modprobe -a veth bridge br_netfilter ip_tables iptable_filter
        ip link add br0 type bridge vlan_filtering 1
        ip link add vm0 type veth peer name vm1
        ip link set vm0 master br0
        for link in br0 vm0 vm1; do ip link set $link up; done
        bridge vlan show > /before
        ${probe({})}
        ip link set br0 type bridge vlan_default_pvid 0
        ${probe({})}
        ${probe({ vlan: 100 })}
        ip link set br0 type bridge vlan_default_pvid 1
        bridge vlan show > /after
        cmp /before /after >&2
        iptables-legacy -P FORWARD DROP
        ${probe({ vlan: 100 })}
        echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables
        ${probe({ vlan: 100 })}
        ip link show | grep -c hwp`,
    });
    const lines = boot.output.trim().split('\n');
    expect(lines.at(-1)).toBe('0');
    const verdicts = lines.slice(0, -1).map((line) => {
      const reading = JSON.parse(line) as Reading<BridgeProbe>;
      return reading.known ? reading.value.verdict : reading.detail;
    });
    expect(verdicts).toEqual(['passes', 'passes', 'passes', 'filtered', 'passes']);
  } finally {
    bundle.remove();
  }
});
