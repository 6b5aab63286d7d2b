import type { Ask } from '../../hosts/ask.ts';
import type { CaptureView } from '../../hosts/capture.ts';
import { known, type Reading } from '../../hosts/reading.ts';
import { subject } from '../subject.ts';
import { legacyRules } from './legacy-backend.ts';
import { nftBackend } from './nft-backend.ts';
import type { Family, Ruleset } from './ruleset.ts';
import { LEGACY_NAMES, NFT_LIST, OLD_IPTABLES, saveCommand } from './sources.ts';

type Backend = 'legacy' | 'nft';

export interface Netfilter {
  /** All tables of a family that the kernel consults, both backends together. Unknown when a backend that may hold rules could not be read. */
  rules(family: Family): Reading<Ruleset>;
  /** Rules of one backend alone. */
  backend(family: Family, backend: Backend): Reading<Ruleset>;
  /** The backend that holds kube-proxy's and the CNI's chains (KUBE-*, cali-*), or `none`. */
  readonly kubernetesBackend: Reading<Backend | 'both' | 'none'>;
}

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/**
 * Each command only reads: iptables-legacy-save prints the tables that /proc/net/ip_tables_names lists and makes none;
 * iptables-nft-save and nft dump what nf_tables holds. But a dump makes the kernel load nf_tables where it is a module
 * not loaded yet (net/netfilter/nfnetlink.c, request_module), and iptables-legacy-save without that file would call
 * modprobe: so neither is run there. Programs of iptables before 1.8, which has the one backend, are called xtables-multi.
 */
const ASKS: readonly Ask[] = [
  ...FAMILIES.flatMap((family): Ask[] => [
    { kind: 'file', path: LEGACY_NAMES[family] },
    { kind: 'run', argv: saveCommand(family, 'legacy'), onlyIf: LEGACY_NAMES[family] },
    { kind: 'run', argv: saveCommand(family, 'nft'), module: 'nf_tables' },
    { kind: 'run', argv: saveCommand(family), onlyIf: OLD_IPTABLES },
  ]),
  { kind: 'run', argv: NFT_LIST, module: 'nf_tables' },
  { kind: 'file', path: '/proc/modules' },
];

export const netfilter = subject<Netfilter>({
  asks: ASKS,
  parse(view) {
    const read = new Map<string, Reading<Ruleset>>();
    function backend(family: Family, name: Backend): Reading<Ruleset> {
      const key = `${family} ${name}`;
      const reading = read.get(key) ?? readBackend(view, family, name);
      read.set(key, reading);
      return reading;
    }
    return {
      backend,
      rules: (family) => together(backend(family, 'legacy'), backend(family, 'nft')),
      get kubernetesBackend() {
        return holderOf(backend('ipv4', 'legacy'), backend('ipv4', 'nft'));
      },
    };
  },
});

function readBackend(view: CaptureView, family: Family, name: Backend): Reading<Ruleset> {
  return name === 'legacy' ? legacyRules(view, family) : nftBackend(view, family);
}

function together(legacy: Reading<Ruleset>, nft: Reading<Ruleset>): Reading<Ruleset> {
  if (!legacy.known) return legacy;
  if (!nft.known) return nft;
  const { unseen } = nft.value;
  const tables = [...legacy.value.tables, ...nft.value.tables];
  return known({ tables, ...(unseen && { unseen }) }, `${legacy.source}, ${nft.source}`);
}

function holderOf(legacy: Reading<Ruleset>, nft: Reading<Ruleset>): Reading<Backend | 'both' | 'none'> {
  if (!legacy.known) return legacy;
  if (!nft.known) return nft;
  const source = `${legacy.source}, ${nft.source}`;
  const [inLegacy, inNft] = [holdsKubernetes(legacy.value), holdsKubernetes(nft.value)];
  if (inLegacy && inNft) return known('both', source);
  if (inLegacy) return known('legacy', source);
  return known(inNft ? 'nft' : 'none', source);
}

/** kube-proxy's, the kubelet's and Calico's chains; kube-proxy in its nftables mode has a table `kube-proxy`. */
function holdsKubernetes({ tables }: Ruleset): boolean {
  return tables.some(
    ({ name, chains }) => name === 'kube-proxy' || [...chains.keys()].some((chain) => /^(KUBE|cali)-/.test(chain)),
  );
}
