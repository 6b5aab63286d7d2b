/**
 * Whether a text is what Kubernetes answers at /livez and /readyz: `ok`, or with `?verbose` and on failure a line a check and a
 * last one, `readyz check passed` or `readyz check failed` (k8s.io/apiserver pkg/server/healthz/healthz.go).
 */
export function isHealthAnswer(text: string): boolean {
  return text.trim() === 'ok' || /^(?:livez|readyz|healthz) check (?:passed|failed)\s*$/m.test(text);
}

/** The names of the checks that fail: `[-]etcd failed: reason withheld` gives `etcd`. */
export function failingChecks(text: string): string[] {
  return [...text.matchAll(/^\[-\](\S+) failed/gm)].map(([, name = '']) => name);
}
