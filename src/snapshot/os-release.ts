import type { OsRelease } from './os.ts';

/**
 * Reads os-release(5): shell assignments without expansion. Lines that are none are passed over, as its readers are
 * told to; a text without a single assignment is not an os-release.
 */
export function releaseFrom(text: string): OsRelease {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/.exec(line);
    if (match) values.set(match[1] ?? '', unquoted(match[2] ?? ''));
  }
  if (values.size === 0) throw new Error('no NAME=value line');
  return {
    id: values.get('ID') ?? 'linux',
    idLike: (values.get('ID_LIKE') ?? '').split(/\s+/).filter((id) => id !== ''),
    versionId: values.get('VERSION_ID') ?? '',
    prettyName: values.get('PRETTY_NAME') ?? 'Linux',
    variantId: values.get('VARIANT_ID') ?? '',
  };
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  if (!quoted) return value;
  return quoted[1] === '"' ? (quoted[2] ?? '').replace(/\\(["$`\\])/g, '$1') : (quoted[2] ?? '');
}
