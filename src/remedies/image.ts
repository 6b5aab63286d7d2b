import type { FileState } from '../hosts/host.ts';

/**
 * What a step is about to change, as it stands: the before-image of the journal, and, taken again after the step,
 * what was left. Plain JSON.
 */
export type Image =
  /** `value` is null where the key does not exist. `companions`: other keys the kernel changes along with it. */
  | { readonly kind: 'setting'; readonly value: string | null; readonly companions: Readonly<Record<string, string>> }
  /** null: no such bridge. */
  | { readonly kind: 'bridge-setting'; readonly value: '0' | '1' | null }
  | {
      readonly kind: 'module';
      readonly state: 'loaded' | 'built-in' | 'absent';
      /** Every module in memory, so that what a load brought along can be told. */
      readonly loaded: readonly string[];
    }
  /** `missingParents`: directories that did not exist, the topmost first. */
  | { readonly kind: 'file'; readonly state: FileState; readonly missingParents: readonly string[] }
  /** `running`: the daemon is there to be told. */
  | { readonly kind: 'reload'; readonly running: boolean }
  /** As `systemctl is-enabled` says: enabled, disabled, not-found … */
  | { readonly kind: 'enable-unit'; readonly state: string }
  /** Who holds the address: `this` lease, `another`, or `nobody`. */
  | { readonly kind: 'release-lease'; readonly holder: 'this' | 'another' | 'nobody'; readonly state: FileState };

export type ImageOf<K extends Image['kind']> = Extract<Image, { readonly kind: K }>;
