/** The two languages hayward speaks as equals. */
export type Lang = 'en' | 'zh-CN';

export const LANGS: readonly Lang[] = ['en', 'zh-CN'];

/** One text in both languages. */
export interface Bilingual {
  readonly en: string;
  readonly 'zh-CN': string;
}

/**
 * The language to speak: what the user said, else what the locale says (LC_ALL, LC_MESSAGES, LANG in POSIX's order),
 * else English. Any Chinese locale reads simplified Chinese.
 */
export function langFrom(environment: Readonly<Record<string, string | undefined>>): Lang {
  const locale = environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || '';
  return /^zh([_.-]|$)/i.test(locale) ? 'zh-CN' : 'en';
}
