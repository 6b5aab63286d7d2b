import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { harmless } from '../hosts/sanitise.ts';
import type { Lang } from '../lang.ts';
import { type Page, pageFrom } from './page.ts';

/** The pages travel with the program; both its sources and its bundle's chunks lie two folders below the root. */
const FOLDER = fileURLToPath(new URL('../../docs/problems/', import.meta.url));
const SHOWN_FOLDER = 'docs/problems';

/** Problems that have a page. */
export function explainedProblems(): readonly string[] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.md') && !name.endsWith('.zh-CN.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort();
}

/** A problem's page in a language as the reader finds it in the project; undefined where there is none. */
export function pathOf(id: string, lang: Lang): string | undefined {
  const name = lang === 'zh-CN' ? `${id}.zh-CN.md` : `${id}.md`;
  return explainedProblems().includes(id) ? `${SHOWN_FOLDER}/${name}` : undefined;
}

/** A problem's page; the problem must have one. */
export function pageOf(id: string, lang: Lang): Page & { readonly path: string; readonly text: string } {
  const path = pathOf(id, lang);
  if (path === undefined) throw new RangeError(`${id} has no page`);
  const text = readFileSync(FOLDER + path.slice(SHOWN_FOLDER.length + 1), 'utf8');
  return { ...pageFrom(text), path, text };
}

export function pageText(text: string): string {
  return harmless(text, { keepLayout: true });
}
