import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { apiServer, type LabApiServer } from '../../../lab/kube/api-server.ts';
import { applyManifest } from '../../../lab/kube/manifests.ts';
import { serviceAccountKubeconfig } from '../../../lab/kube/service-account.ts';
import { defineAttachments, defineVmNetworks, putAttachment, putNode } from '../../../lab/kube/vm-networks.ts';
import { bootInitramfs } from '../../../lab/vm/initramfs.ts';
import { kernel } from '../../../lab/vm/kernel.ts';
import { productFiles } from '../../../lab/vm/product.ts';
import type { KubeConnection } from '../../cluster/client/connection.ts';
import { connectionFor } from '../../cluster/client/testing/connection.ts';
import type { ControllerEvent } from '../controller/events.ts';
import { runController } from '../controller/run.ts';
import { makeTally } from '../controller/tally.ts';

/**
 * A VLAN, from the cluster to the wire: the node is a machine whose bridge filters VLANs as Harvester's does, its agent reaches the
 * API server on this one. Beyond its uplink are a switch, and a gateway with DHCP on an access port of VLAN 100.
 */

let server: LabApiServer;
let client: KubeConnection;
let controller: Promise<unknown>;
const stop = new AbortController();
const events: ControllerEvent[] = [];

beforeAll(async () => {
  server = await apiServer();
  client = await connectionFor(server.admin.kubeconfig);
  await defineAttachments(client);
  await defineVmNetworks(client);
  await applyManifest(client, new URL('../../../deploy/networks/rbac.yaml', import.meta.url).pathname);
  await putNode(client, 'node-1');
  controller = runController({
    client: client.apart(),
    namespace: 'hayward',
    name: 'test',
    settings: { everyMs: 5000, defaultRoute: 'auto' },
    tell: (event) => events.push(event),
    tally: makeTally(),
    signal: stop.signal,
  });
});
afterAll(async () => {
  stop.abort();
  await controller;
  client?.close();
  await server?.dispose();
});

/** The agent's kubeconfig as it has to read inside: the way leads through the emulated card, the certificate is for localhost. */
async function filesInside(): Promise<Readonly<Record<string, string>>> {
  const account = { namespace: 'hayward', name: 'hayward-networks-agent', node: 'node-1' };
  const config = parse(await readFile(await serviceAccountKubeconfig(server, account), 'utf8'));
  const [{ cluster }] = config.clusters;
  const [{ user }] = config.users;
  Object.assign(cluster, { server: `https://10.0.2.2:${new URL(server.url).port}`, 'tls-server-name': 'localhost' });
  const token = await readFile(user.tokenFile, 'utf8');
  return { '/agent/kubeconfig': stringify({ ...config, users: [{ name: 'default', user: { token } }] }) };
}

const SCRIPT = `
# The shell would take its own applet.
ip() { /bin/ip "$@"; }
modprobe -a veth bridge af_packet virtio_pci virtio_net
ip link set lo up
# The driver finds its card in its own time.
until ip link set eth0 up 2> /dev/null; do sleep 1; done
ip addr add 10.0.2.15/24 dev eth0
ip netns add switch
ip netns add gw
ip link add mgmt-br type bridge vlan_filtering 1
ip -n switch link add lan type bridge vlan_filtering 1
ip link add up0 type veth peer name port0 netns switch
ip -n switch link add port1 type veth peer name eth0 netns gw
ip link set up0 master mgmt-br
for port in port0 port1; do ip -n switch link set $port master lan; ip -n switch link set $port up; done
for link in mgmt-br up0; do ip link set $link up; done
ip -n switch link set lan up
bridge vlan add dev up0 vid 100
bridge -n switch vlan add dev port0 vid 100
bridge -n switch vlan del dev port1 vid 1
bridge -n switch vlan add dev port1 vid 100 pvid untagged
ip -n gw link set lo up
ip -n gw link set eth0 up
ip -n gw addr add 10.0.100.1/24 dev eth0
ip netns exec gw dnsmasq --conf-file=/dev/null --pid-file= --port=0 --user=root --no-ping --dhcp-leasefile=/tmp/leases \\
  --dhcp-range=10.0.100.10,10.0.100.20,1h
node /opt/hayward/dist/cli.js networks agent --node node-1 --kubeconfig /agent/kubeconfig 2> /agent/log &
agent=$!
# Until the agent has told it so often; not for ever, where it is gone.
told() { until [ "$(grep -c "$1" /agent/log)" -ge "$2" ] || [ ! -d /proc/$agent ]; do sleep 1; done; }
told '"state":"active"' 1
bridge -n switch vlan del dev port0 vid 100
told '"reason":"dhcp-silent"' 1
bridge -n switch vlan add dev port0 vid 100
told '"state":"active"' 2
kill $agent
wait $agent
echo "agent: $?"
ip link show | grep -c hwp
cat /tmp/leases | wc -l
cat /agent/log >&2
`;

it('a VLAN network without the annotation becomes Active by itself, and Inactive while the switch does not carry it', async () => {
  await putAttachment(client, { name: 'vlan-100', vlan: 100 });
  const boot = await bootInitramfs({
    kernel: await kernel(),
    modules: ['veth', 'bridge', '8021q', 'af_packet', 'virtio_net', 'virtio_pci'],
    programs: ['node', 'ip', 'bridge', 'dnsmasq'],
    copies: await productFiles(),
    files: await filesInside(),
    network: true,
    timeoutMs: 400_000,
    script: SCRIPT,
  });
  expect(boot.output, boot.console.slice(-2000)).toMatch(/^agent: 0\n0\n0\n/m);
  const written = events.flatMap((event) => (event.type === 'route-written' ? [JSON.parse(event.route)] : []));
  const route = { mode: 'auto', serverIPAddr: '', cidr: '10.0.100.0/24', gateway: '10.0.100.1' };
  expect(written, boot.output).toEqual([
    { ...route, connectivity: 'true' },
    expect.objectContaining({ mode: 'auto', connectivity: 'DHCP failed' }),
    { ...route, connectivity: 'true' },
  ]);
}, 900_000);
