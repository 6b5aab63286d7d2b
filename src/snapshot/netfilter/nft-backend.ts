import type { CaptureView } from '../../hosts/capture.ts';
import { known, mapReading, type Reading } from '../../hosts/reading.ts';
import { BUILTIN_TABLES } from './builtin-chains.ts';
import { backendOfSave, parseIptablesSave } from './iptables-save.ts';
import { parseNftJson } from './nft-json.ts';
import type { Family, Ruleset, Table } from './ruleset.ts';
import { NFT_LIST, saveCommand } from './sources.ts';

const MODULES = '/proc/modules';

/**
 * The tables of nf_tables. Those iptables-nft made are taken from iptables-nft-save, for nft cannot print their matches;
 * all others, and those iptables-nft-save finds incompatible, from nft.
 */
export function nftBackend(view: CaptureView, family: Family): Reading<Ruleset> {
  const saved = savedTables(view, family);
  const listed = view.text(NFT_LIST.join(' '));
  if (listed.known) {
    const made = saved.known ? saved.value : [];
    const taken = new Set(made.map(({ name }) => name));
    return mapReading(listed, (text) => ({
      tables: [...made, ...parseNftJson(text, { family, source: listed.source, taken })],
    }));
  }
  const loaded = isLoaded(view);
  if (listed.reason !== 'absent' || !loaded.known) return listed;
  if (!saved.known) return saved.reason === 'absent' && !loaded.value ? known({ tables: [] }, loaded.source) : saved;
  const unseen = [`tables of nf_tables that iptables did not make (${listed.detail})`];
  return known({ tables: saved.value, ...(loaded.value && { unseen }) }, saved.source);
}

function savedTables(view: CaptureView, family: Family): Reading<readonly Table[]> {
  const specific = view.text(saveCommand(family, 'nft').join(' '));
  const plain = view.text(saveCommand(family).join(' '));
  const text = !specific.known && plain.known && backendOfSave(plain.value) === 'nft' ? plain : specific;
  return mapReading(text, (value) => {
    const { tables, incompatible } = parseIptablesSave(value, { family, backend: 'nft', source: text.source });
    return tables.filter(({ name }) => BUILTIN_TABLES.has(name) && !incompatible.includes(name));
  });
}

/** Whether nf_tables is among the loaded modules. A kernel without modules has no such list, and so no evidence. */
function isLoaded(view: CaptureView): Reading<boolean> {
  const modules = view.text(MODULES);
  if (!modules.known && modules.reason === 'absent') return known(false, MODULES);
  return mapReading(modules, (text) => /^nf_tables /m.test(text));
}
