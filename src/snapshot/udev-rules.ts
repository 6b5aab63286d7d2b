import { known, type Reading } from '../hosts/reading.ts';
import { dropInAsks, effectiveDropIns } from './drop-ins.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';

/** A rule file that could not be read may concern them too: it stays, with its reason. */
function concernsSettings({ text }: TextFile): boolean {
  return !text.known || /sysctl|br_netfilter/.test(text.value);
}

/** udev rule files (all directories, precedence applied, in order) whose text mentions sysctl or br_netfilter. */
export const udevRules = subject<Reading<readonly TextFile[]>>({
  asks: dropInAsks('udev/rules.d', '.rules'),
  parse: (view) => {
    const rules = effectiveDropIns(view, 'udev/rules.d', '.rules');
    return rules.known ? known(rules.value.filter(concernsSettings), rules.source) : rules;
  },
});
