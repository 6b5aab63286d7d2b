import type { Bilingual } from '../../lang.ts';
import { sysctlKey, sysctlName } from '../../snapshot/sysctl-name.ts';
import type { SettingDemand } from '../demand.ts';

/** What a person asked for is signed with the option's own name. */
export const ASKED = '--hold';

const REASON: Bilingual = { en: 'Asked for with --hold', 'zh-CN': '由 --hold 指定' };

/** A path below /proc/sys of plain words, as deep as any setting is: no way out of it, and no pattern. */
const KEY = /^[A-Za-z0-9_@.:+-]+(\/[A-Za-z0-9_@.:+-]+){1,7}$/;
/** A page is what the kernel takes of a setting at most; text without anything that acts on a terminal or a line. */
const VALUE = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,4094}$/u;

/**
 * A `--hold KEY=VALUE` as a demand: the key in dots or slashes, as sysctl(8) takes it. A string says what is wrong with
 * it. Whether there is such a setting is another question: one of an interface or a module may come later.
 */
export function askedDemand(text: string): SettingDemand | string {
  const at = text.indexOf('=');
  if (at < 1) return 'expected KEY=VALUE, e.g. net.ipv4.ip_forward=1';
  const name = text.slice(0, at).trim();
  const value = text.slice(at + 1).trim();
  const key = sysctlKey(name.replace(/^\/?proc\/sys\//, ''));
  const outside = key.split('/').some((part) => /^\.{0,2}$/.test(part));
  if (outside || !KEY.test(key)) return `${JSON.stringify(name)} is no setting below /proc/sys`;
  if (!VALUE.test(value)) return `${sysctlName(key)}: expected a value on one line`;
  return { kind: 'setting', key, value, by: ASKED, reason: REASON };
}
