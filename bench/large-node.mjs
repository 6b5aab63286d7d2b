// Makes the network of a large node in the network namespace this process is in: veths of Pods and VMs, macvlans until
// there are as many per-interface settings as wanted, and iptables rules as kube-proxy and Calico write them.
import { spawnSync } from 'node:child_process';

const VETHS = 250;
const ON_BRIDGE = 30;
const RULES = 6000;
const SERVICES = 600;

function must(argv, input) {
  const [program, ...args] = argv;
  const run = spawnSync(program, args, { input, encoding: 'utf8' });
  if (run.status !== 0) throw new Error(`${argv.join(' ')}: ${run.error?.message ?? run.stderr.trim()}`);
}

function linkLines(interfaces, pods) {
  const lines = ['link set lo up', 'link add br0 type bridge', 'link set br0 up', 'addr add 10.1.0.1/24 dev br0'];
  for (let n = 0; n < VETHS; n += 1) {
    const name = `cali${n.toString(16).padStart(11, '0')}`;
    lines.push(`link add ${name} type veth peer name pod${n} netns ${pods}`);
    if (n < ON_BRIDGE) lines.push(`link set ${name} master br0`);
    lines.push(`link set ${name} up`);
    if (n >= ON_BRIDGE) lines.push(`route add 10.42.0.${n}/32 dev ${name}`);
  }
  // lo, the bridge and the veths are there already.
  for (let n = VETHS + 2; n < interfaces; n += 1) lines.push(`link add link br0 name vlan${n} type macvlan`);
  return lines;
}

function serviceRules(n) {
  const id = n.toString(36).toUpperCase().padStart(16, '0');
  const comment = `-m comment --comment "shop-${n % 20}/service-${n}:http"`;
  const address = `10.43.${n >> 8}.${n & 255}`;
  const ends = [0, 1].flatMap((end) => {
    const pod = `10.42.${end}.${(n % 250) + 1}`;
    const chain = `KUBE-SEP-${end}${id.slice(1)}`;
    return [
      `-A ${chain} -s ${pod}/32 ${comment} -j KUBE-MARK-MASQ`,
      `-A ${chain} -p tcp ${comment} -m tcp -j DNAT --to-destination ${pod}:8080`,
    ];
  });
  return [
    `-A KUBE-SERVICES -d ${address}/32 -p tcp ${comment} -m tcp --dport 80 -j KUBE-SVC-${id}`,
    `-A KUBE-SVC-${id} ! -s 10.42.0.0/16 -d ${address}/32 -p tcp ${comment} -m tcp --dport 80 -j KUBE-MARK-MASQ`,
    `-A KUBE-SVC-${id} ${comment} -m statistic --mode random --probability 0.5 -j KUBE-SEP-0${id.slice(1)}`,
    `-A KUBE-SVC-${id} ${comment} -j KUBE-SEP-1${id.slice(1)}`,
    ...ends,
  ];
}

function table(name, rules, builtIn) {
  const chains = new Set(rules.map((rule) => rule.split(' ')[1]).filter((chain) => !builtIn.includes(chain)));
  const declared = [
    ...builtIn.map((chain) => `:${chain} ACCEPT [0:0]`),
    ...[...chains].map((chain) => `:${chain} - [0:0]`),
  ];
  return [`*${name}`, ...declared, ...rules, 'COMMIT'];
}

function ruleLines() {
  const nat = [
    '-A PREROUTING -j KUBE-SERVICES',
    '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    ...Array.from({ length: SERVICES }, (_, n) => serviceRules(n)).flat(),
  ];
  const filter = [
    '-A FORWARD -j KUBE-FORWARD',
    '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
    '-A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -j cali-to-wl-dispatch',
  ];
  for (let n = 0; nat.length + filter.length < RULES; n += 1)
    filter.push(`-A cali-to-wl-dispatch -o cali${n.toString(16).padStart(11, '0')} -j ACCEPT`);
  return [
    ...table('filter', filter, ['INPUT', 'FORWARD', 'OUTPUT']),
    ...table('nat', nat, ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING']),
  ];
}

/** `pods` names the network namespace in which the veths' other ends are. */
export function makeLargeNode({ interfaces, pods }) {
  must(['ip', '-batch', '-'], `${linkLines(interfaces, pods).join('\n')}\n`);
  must(['iptables-restore'], `${ruleLines().join('\n')}\n`);
  return { rules: RULES, veths: VETHS };
}
