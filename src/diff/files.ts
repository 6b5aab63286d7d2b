import type { Capture } from '../hosts/capture.ts';
import type { Difference, Kind, NotCompared } from './model.ts';

/** Files that people and installers write, by what comes of them. What a kernel or the cluster makes is told elsewhere. */
const KINDS: readonly (readonly [RegExp, Kind, Difference['weight']])[] = [
  [
    /^\/(?:etc|run|usr\/local\/lib|usr\/lib|lib)\/(?:sysctl|modules-load|modprobe)\.d\/|^\/etc\/sysctl\.conf$/,
    'boot',
    'warning',
  ],
  [/^\/(?:system\/)?oem\/|^\/usr\/local\/cloud-config\//, 'boot', 'warning'],
  [/^\/etc\/systemd\/system\/|^\/proc\/cmdline$/, 'boot', 'info'],
  [/\/cni\/net\.d\//, 'network', 'warning'],
  [/^\/etc\/rancher\/(?:rke2|k3s)\//, 'file', 'warning'],
  [/\/kube-proxy\.yaml$|\/kube-proxy\/config\.conf$/, 'file', 'info'],
  [/^\/(?:etc|run|usr\/lib|lib)\/udev\/rules\.d\//, 'file', 'info'],
];

/** /lib is a link to /usr/lib nearly everywhere: each file is told once. */
function isTwin(path: string, capture: Capture): boolean {
  return path.startsWith('/lib/') && capture.entries[`/usr${path}`] !== undefined;
}

/** Files that one node has and the other has not, or in which other lines stand. */
export function textDifferences(a: Capture, b: Capture): (Difference | NotCompared)[] {
  const paths = [...new Set([...Object.keys(a.entries), ...Object.keys(b.entries)])];
  return paths.flatMap((path): (Difference | NotCompared)[] => {
    const found = KINDS.find(([pattern]) => pattern.test(path));
    if (!found || isTwin(path, a) || isTwin(path, b)) return [];
    const [, kind, weight] = found;
    const [one, other] = [linesOf(a, path), linesOf(b, path)];
    if (typeof one === 'string') return typeof other === 'string' ? [] : [{ kind, subject: path, detail: one }];
    if (typeof other === 'string') return [{ kind, subject: path, detail: other }];
    const [onlyA, onlyB] = [without(one, other), without(other, one)];
    if (onlyA.length === 0 && onlyB.length === 0) return [];
    return [{ kind, weight, subject: path, a: onlyA.join('\n'), b: onlyB.join('\n') }];
  });
}

/**
 * Lines that say something. A file that nothing was told of was matched by a pattern on the other node alone: where this one's
 * pattern was looked for, there is none.
 */
function linesOf({ entries, globs, unreachable }: Capture, path: string): readonly string[] | string {
  const entry = entries[path];
  if (!entry) {
    const directory = path.slice(0, path.lastIndexOf('/') + 1);
    const looked = Object.entries(globs).filter(
      ([glob]) => glob.startsWith(directory) && !glob.slice(directory.length).includes('/'),
    );
    const unseen = looked.map(([, found]) => found).find((found) => 'state' in found && found.state !== 'absent');
    if (unreachable) return unreachable.detail;
    if (unseen && 'detail' in unseen) return unseen.detail;
    return looked.length > 0 || path.includes('/kubelet/') ? [] : `${path} was not collected`;
  }
  if (entry.state !== 'ok') return entry.state === 'absent' ? [] : entry.detail;
  const lines = entry.text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^[#;](?!!)/.test(line));
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}
