import { expect, test } from 'vitest';
import { bootInitramfs } from '../../../lab/vm/initramfs.ts';
import { kernel } from '../../../lab/vm/kernel.ts';
import { productFiles } from '../../../lab/vm/product.ts';

/** Bridges that filter VLANs, on both ends of a trunk: the node's `br0` with its uplink `up0`, and a switch outside. */

const SHORT = `const j = JSON.parse(require("fs").readFileSync(0, "utf8"));
const tags = [...new Set(j.evidence.filter((e) => e.source.startsWith("up0")).map((e) => e.source.slice(4) + " " + e.vlan))];
console.log(JSON.stringify([process.argv[1], j.state, j.reason, j.side, j.cidr, tags.sort()]));`;

/** Probes, and says in one line what came of it and which tags the uplink showed. */
function probe(name: string, vlan: number): string {
  const words = `--bridge br0 --vlan ${vlan} --uplink up0 --timeout 3s --json`;
  return `node /opt/hayward/dist/cli.js networks probe ${words} > /tmp/probe.json; node -e '${SHORT}' '${name}' < /tmp/probe.json`;
}

/** A gateway that serves DHCP on an access port of the switch. */
function gateway(name: string, vlan: number, net: string): string {
  const dnsmasq = `dnsmasq --conf-file=/dev/null --pid-file= --port=0 --user=root --no-ping --dhcp-leasefile=/tmp/${name}`;
  return `
    ip netns add ${name}
    ip -n switch link add ${name} type veth peer name eth0 netns ${name}
    ip -n switch link set ${name} master lan up
    bridge -n switch vlan del dev ${name} vid 1
    bridge -n switch vlan add dev ${name} vid ${vlan} pvid untagged
    ip -n ${name} addr add ${net}.1/24 dev eth0
    ip -n ${name} link set eth0 up
    ip -n ${name} link set lo up
    ip netns exec ${name} ${dnsmasq} --dhcp-range=${net}.10,${net}.20,1h`;
}

test('a VLAN is found where it is, and what is missing on its way is named', async () => {
  const boot = await bootInitramfs({
    kernel: await kernel(),
    modules: ['veth', 'bridge', '8021q', 'af_packet'],
    programs: ['node', 'ip', 'bridge', 'dnsmasq'],
    copies: await productFiles(),
    timeoutMs: 600_000,
    script: `
      # The shell would take its own applet.
      ip() { /bin/ip "$@"; }
      modprobe -a veth bridge af_packet
      ip link set lo up
      ip netns add switch
      ip link add br0 type bridge vlan_filtering 1
      ip -n switch link add lan type bridge vlan_filtering 1
      ip link add up0 type veth peer name port0 netns switch
      ip link set up0 master br0
      ip -n switch link set port0 master lan
      for link in br0 up0; do ip link set $link up; done
      for link in lan port0; do ip -n switch link set $link up; done
      bridge vlan add dev up0 vid 100
      bridge -n switch vlan add dev port0 vid 100
      ${gateway('gw1', 1, '10.0.1')}
      ${gateway('gw100', 100, '10.0.100')}
      # The kernel's link watch takes up to a second to tell ports that they have carrier.
      while { bridge link show; bridge -n switch link show; } | grep -q 'state disabled'; do :; done
      bridge vlan show > /before
      ${probe('tagged', 100)}
      ${probe('untagged', 0)}
      bridge vlan del dev up0 vid 100
      ${probe('not on the uplink', 100)}
      bridge vlan add dev up0 vid 100
      bridge -n switch vlan del dev port0 vid 100
      ${probe('not on the switch', 100)}
      bridge -n switch vlan add dev port0 vid 100 untagged
      ${probe('untagged by the switch', 100)}
      bridge -n switch vlan add dev port0 vid 100
      ${probe('tagged again', 100)}
      bridge vlan show > /after
      cmp /before /after >&2
      ip link show | grep -c hwp
      cat /tmp/gw1 /tmp/gw100 | wc -l`,
  });
  const lines = boot.output.trim().split('\n');
  const both = ['in 100', 'out 100'];
  expect(
    lines.slice(0, -2).map((line) => JSON.parse(line)),
    boot.output,
  ).toEqual([
    ['tagged', 'active', 'ok', null, '10.0.100.0/24', both],
    ['untagged', 'active', 'ok', null, '10.0.1.0/24', ['in 0', 'out 0']],
    ['not on the uplink', 'inactive', 'vlan-missing', 'node', null, both],
    ['not on the switch', 'inactive', 'dhcp-silent', 'network', null, ['out 100']],
    ['untagged by the switch', 'inactive', 'vlan-missing', 'network', null, ['in 0', 'out 100']],
    ['tagged again', 'active', 'ok', null, '10.0.100.0/24', both],
  ]);
  expect(lines.slice(-2)).toEqual(['0', '0']);
}, 900_000);
