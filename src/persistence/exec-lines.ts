import { known, type Reading } from '../hosts/reading.ts';
import type { Unit } from '../snapshot/units.ts';
import type { Place } from './boot.ts';

export interface ExecLine extends Place {
  /** The command, without systemd's prefixes (`-`, `@`, `+` …). */
  readonly command: string;
}

/** What a unit runs when it starts, from its file and drop-ins as systemd merges them. */
export interface ServiceStart {
  /** `Type=`; systemd's default is `simple`. */
  readonly type: string;
  readonly pre: readonly ExecLine[];
  readonly main: readonly ExecLine[];
  readonly post: readonly ExecLine[];
}

const PHASES: Readonly<Record<string, 'pre' | 'main' | 'post'>> = {
  ExecStartPre: 'pre',
  ExecStart: 'main',
  ExecStartPost: 'post',
};

/** Unknown when one of the unit's files cannot be read. */
export function serviceStart(unit: Unit): Reading<ServiceStart> {
  const settings = settingsOf(unit);
  if (!settings.known) return settings;
  const lines = { pre: [] as ExecLine[], main: [] as ExecLine[], post: [] as ExecLine[] };
  for (const { name, value, line, file } of settings.value) {
    const phase = Object.hasOwn(PHASES, name) ? PHASES[name] : undefined;
    if (phase === undefined) continue;
    // An empty assignment empties the list (systemd.service(5)).
    if (value === '') lines[phase] = [];
    else lines[phase].push({ file, line, text: `${name}=${value}`, command: value.replace(/^[-@:+!|]+/, '') });
  }
  const type = settings.value.findLast(({ name }) => name === 'Type')?.value ?? 'simple';
  return known({ type, ...lines }, unit.name);
}

function settingsOf(unit: Unit): Reading<readonly (Setting & { readonly file: string })[]> {
  const settings: (Setting & { readonly file: string })[] = [];
  for (const { path, text } of unit.files) {
    if (text.known) for (const setting of serviceSettings(text.value)) settings.push({ ...setting, file: path });
    else if (text.reason !== 'absent') return text;
  }
  return known(settings, unit.name);
}

interface Setting {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** `Name=value` lines of [Service], continuation lines joined. */
function* serviceSettings(text: string): Generator<Setting> {
  let section = '';
  let joined = '';
  let first = 0;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (/^[#;]/.test(line)) continue;
    if (joined === '') first = index + 1;
    joined += line;
    if (joined.endsWith('\\')) {
      joined = `${joined.slice(0, -1)} `;
      continue;
    }
    const header = /^\[(.*)\]$/.exec(joined);
    if (header) section = header[1] ?? '';
    const equals = joined.indexOf('=');
    if (section === 'Service' && equals > 0) {
      yield { name: joined.slice(0, equals).trim(), value: joined.slice(equals + 1).trim(), line: first };
    }
    joined = '';
  }
}
