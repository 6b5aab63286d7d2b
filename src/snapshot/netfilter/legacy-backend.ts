import type { CaptureView } from '../../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../../hosts/reading.ts';
import { backendOfSave, parseIptablesSave } from './iptables-save.ts';
import type { Family, Ruleset } from './ruleset.ts';
import { LEGACY_NAMES, saveCommand } from './sources.ts';

/** The tables of iptables-legacy: none where the kernel lists none, whatever is installed. */
export function legacyRules(view: CaptureView, family: Family): Reading<Ruleset> {
  const names = view.text(LEGACY_NAMES[family]);
  if (!names.known && names.reason === 'absent') return known({ tables: [] }, names.source);
  if (names.known && names.value.trim() === '') return known({ tables: [] }, names.source);
  const saved = view.text(saveCommand(family, 'legacy').join(' '));
  if (saved.known) return parsed(saved, family);
  const plain = view.text(saveCommand(family).join(' '));
  if (plain.known && backendOfSave(plain.value) === 'legacy') return parsed(plain, family);
  if (saved.reason !== 'absent' || !names.known) return saved;
  const list = names.value.trim().split(/\s+/).join(', ');
  return unknown('absent', saved.source, `the kernel holds legacy tables (${list}), and nothing here can print them`);
}

function parsed(saved: Reading<string>, family: Family): Reading<Ruleset> {
  return mapReading(saved, (text) => ({
    tables: parseIptablesSave(text, { family, backend: 'legacy', source: saved.source }).tables,
  }));
}
