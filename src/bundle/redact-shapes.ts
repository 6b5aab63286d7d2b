import { gunzipSync, gzipSync } from 'node:zlib';

/**
 * What a secret is replaced by: a plain word to YAML, JSON inside quotes, a shell in quotes and a URL alike. A secret of
 * several lines keeps its lines, so that evidence still names the right one.
 */
export const REDACTED = '<redacted>';

/** A part of a text that is a secret by its form, wherever it stands. */
interface Shape {
  readonly pattern: RegExp;
  /** Undefined: the whole match goes. */
  readonly replace?: (match: string, ...groups: string[]) => string;
}

/** Secrets that no kernel, program or file prints by chance: safe to look for everywhere. */
const CERTAIN: readonly Shape[] = [
  {
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----BEGIN )[\s\S])*?-----END [A-Z0-9 ]{1,60}-----/g,
    replace: (match) => keepingLines(match, /^-----(BEGIN|END) /),
  },
  // One that was cut off goes on as long as its lines are base64.
  {
    pattern:
      /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:\r?\n|\\r\\n|\\n)[ \t]*[A-Za-z0-9+/=]{16,}[ \t]*)+(?:(?:\r?\n|\\r\\n|\\n)[ \t]*[A-Za-z0-9+/=]+[ \t]*$)?/g,
    replace: (match) => keepingLines(match, /^-----BEGIN /),
  },
  // RFC 7519: a header, claims and a signature; a service account's token.
  { pattern: /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?/g },
  // k3s and RKE2: K10, the CA's hash, "::", credentials (docs, "Token Management").
  { pattern: /\bK1[0-9a-f]{16,}::[^\s"'`,}\]]+/g },
  // Rancher's API tokens: NAME:54 characters.
  {
    pattern: /\b((?:token|kubeconfig)-[a-z0-9][a-z0-9-]*):[a-z0-9]{40,}\b/g,
    replace: (_, name) => `${name}:${REDACTED}`,
  },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { pattern: /\bLTAI[A-Za-z0-9]{12,30}\b/g },
  { pattern: /\bAKID[A-Za-z0-9]{13,40}\b/g },
  { pattern: /\bAIza[A-Za-z0-9_-]{35}/g },
  { pattern: /\bya29\.[A-Za-z0-9_-]{20,}/g },
  { pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,})/g },
  {
    pattern:
      /\b(?:xox[abeprs]-[A-Za-z0-9-]{10,}|npm_[A-Za-z0-9]{30,}|dckr_pat_[A-Za-z0-9_-]{20,}|hv[sb]\.[A-Za-z0-9_-]{20,})/g,
  },
  // crypt(5)'s hashes, which can be guessed at home.
  { pattern: /\$(?:1|2[abxy]|5|6|7|y|gy|apr1|argon2(?:i|d|id))\$[^\s:"'`,;|]{8,}/g },
];

/** Secrets by their form in files that people and installers write. */
const LIKELY: readonly Shape[] = [
  // A URL's credentials; a password may hold @ and, written carelessly, a slash: then a port does not come first.
  {
    pattern: /\b([a-z][a-z0-9+.-]{1,31}:\/\/)([^\s/:@"'<>]{0,256}):(?!\d{1,5}(?:[/\s"']|$))([^\s"'<>]{1,512})@/gi,
    replace: (_, scheme, user) => `${scheme}${user}:${REDACTED}@`,
  },
  {
    pattern: /\b([a-z][a-z0-9+.-]{1,31}:\/\/)([^\s/:@"'<>]{16,512})@/gi,
    replace: (_, scheme) => `${scheme}${REDACTED}@`,
  },
  // Go's database/sql way: user:password@tcp(host:port)/name.
  {
    pattern: /(?<![\w.-])([\w.-]{1,64}):([^\s"'<>]{1,256})@((?:tcp|unix)\()/g,
    replace: (_, user, __, rest) => `${user}:${REDACTED}@${rest}`,
  },
  {
    pattern: /([?&](?:sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|code|key)=)[^&\s"'<>]+/gi,
    replace: (_, name) => name + REDACTED,
  },
  {
    pattern: /\b((?:proxy-)?authorization\\?["']?\s*[:=]\s*\\?["']?)(?![\s"'\\]|<redacted>)[^"'\r\n\\]+/gi,
    replace: (_, name) => name + REDACTED,
  },
  { pattern: /\b((?:set-)?cookie:\s*)(?!\s|<redacted>)[^"'\r\n]+/gi, replace: (_, name) => name + REDACTED },
  { pattern: /\b(bearer\s+)(?!<redacted>)[A-Za-z0-9._~+/:-]{8,}=*/gi, replace: (_, name) => name + REDACTED },
  // Chat rooms that take whatever is posted there: the address is the secret.
  {
    pattern:
      /(https:\/\/(?:hooks\.slack\.com\/services|discord(?:app)?\.com\/api\/webhooks|open\.(?:feishu\.cn|larksuite\.com)\/open-apis\/bot\/v2\/hook)\/)[^\s"'<>]+/g,
    replace: (_, head) => head + REDACTED,
  },
  // kubeadm's bootstrap tokens (bootstrap-token-authentication): 6.16, of which some are digits.
  { pattern: /\b[a-z0-9]{6}\.(?=[a-z]*[0-9])[a-z0-9]{16}\b(?![.\w-])/g },
  // 32 bytes in base64: WireGuard's keys, etcd's encryption keys.
  { pattern: /(?<![A-Za-z0-9+/=-])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])/g },
  { pattern: /\{S?SHA\d*\}[A-Za-z0-9+/=]{20,}/g },
  { pattern: /\b((?:PSK|XAUTH|EAP)\s+)"[^"\r\n]*"/g, replace: (_, kind) => `${kind}"${REDACTED}"` },
  // Passwords handed to programs.
  {
    pattern:
      /\b(curl\b[^\r\n]{0,400}?\s(?:-u|--user|-U|--proxy-user)[\s=]*["']?)([^:\s'"]{0,128}):(?!<redacted>)[^\s'"]+/g,
    replace: (_, head, user) => `${head}${user}:${REDACTED}`,
  },
  { pattern: /\b(sshpass\s+-p\s*)("[^"\r\n]*"|'[^'\r\n]*'|\S+)/g, replace: (_, head) => head + REDACTED },
  { pattern: /\b(mysql\w{0,16}\b[^\r\n]{0,400}?\s-p)(?!<redacted>)[^\s'"]+/g, replace: (_, head) => head + REDACTED },
  { pattern: /(-pass(?:in|out)?\s+pass:)[^\s'"]+/g, replace: (_, head) => head + REDACTED },
  {
    pattern:
      /(?<![\w.-])([\w.-]{1,64}):(?!<redacted>)([^\s"'|]{1,256})(["']?[ \t]{0,9}\|[ \t]{0,9}(?:sudo\s)?chpasswd)/g,
    replace: (_, user, __, rest) => `${user}:${REDACTED}${rest}`,
  },
  {
    pattern: /(chpasswd\b[^\r\n|;]{0,100}<<<\s*["']?[\w.-]+:)[^\s"']+/g,
    replace: (_, head) => head + REDACTED,
  },
  {
    pattern:
      /(echo[ \t]{1,9}(?:-\w+[ \t]{1,9}){0,3})("[^"\r\n]{0,256}"|'[^'\r\n]{0,256}'|[^\s|]{1,256})([ \t]{0,9}\|[ \t]{0,9}(?:sudo\s)?(?:passwd\b[^\r\n]{0,80}--stdin|cryptsetup\b))/g,
    replace: (_, head, __, rest) => head + REDACTED + rest,
  },
];

/** Replaces what is a secret by its form alone. `certain`: only what no program prints by chance. */
export function redactShapes(text: string, which: 'certain' | 'all'): string {
  let result = text;
  for (const { pattern, replace } of which === 'all' ? [...CERTAIN, ...LIKELY] : CERTAIN) {
    result = replace ? result.replace(pattern, replace) : result.replace(pattern, REDACTED);
  }
  return result;
}

/** All of a text but its line ends, its indentation and the pieces that `keep` matches; `\n` of JSON ends a line too. */
export function keepingLines(text: string, keep?: RegExp): string {
  return text
    .split(/(\r?\n|\\r\\n|\\n)/)
    .map((piece, index) => {
      if (index % 2 === 1) return piece;
      const [, indent = '', words = ''] = /^(\s*)([\s\S]*)$/.exec(piece) ?? [];
      return words === '' || keep?.test(words) ? piece : `${indent}${REDACTED}`;
    })
    .join('');
}

/** Bytes beyond which what is packed in a text is not looked into, but taken for a secret. */
const MAX_UNPACKED = 1024 * 1024;
/** Long runs of base64 on one line: cloud-init's `encoding: b64` and `gz+b64`, a Secret's values. */
const BASE64 = /(?<![A-Za-z0-9+/_.-])[A-Za-z0-9+/]{24,}={0,2}(?![A-Za-z0-9+/=_-])/g;

/** Looks into base64 (gzip in it, too): what holds a secret is packed again without it. */
export function redactPacked(text: string, redact: (inner: string) => string): string {
  return text.replace(BASE64, (run) => {
    if (run.length % 4 !== 0) return run;
    const bytes = Buffer.from(run, 'base64');
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const inner = zipped ? unzipped(bytes) : bytes;
    if (inner === undefined) return REDACTED;
    if (!isText(inner)) return run;
    const before = inner.toString('utf8');
    const after = redact(before);
    if (after === before) return run;
    return (zipped ? gzipSync(after) : Buffer.from(after)).toString('base64');
  });
}

function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED });
  } catch {
    return undefined;
  }
}

function isText(bytes: Buffer): boolean {
  const text = bytes.toString('utf8');
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text);
}
