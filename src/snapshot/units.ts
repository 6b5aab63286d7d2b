import { type Ask, sourceOf } from '../hosts/ask.ts';
import type { CaptureView } from '../hosts/capture.ts';
import { known, mapReading, type Reading, unknown } from '../hosts/reading.ts';
import { bootSecondsOf } from './boot-time.ts';
import { subject } from './subject.ts';
import type { TextFile } from './sysctl-files.ts';
import { UNIT_FILE_ASKS, type UnitFiles, unitFilesOf } from './unit-files.ts';
import { CLOCK_UNITS, CLUSTER_UNITS, NETWORK_UNITS } from './units-of-interest.ts';

export interface Unit {
  readonly name: string;
  /** systemd's words: loaded, not-found, masked; active, inactive, activating, failed. Empty where only files were seen. */
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  /** enabled, disabled, static … */
  readonly unitFileState: string;
  /** RFC 3339; absent when it never was. `activeEnter` is when READY=1 arrived for Type=notify. */
  readonly execStart?: string;
  readonly activeEnter?: string;
  /** The unit file first, then its drop-ins in systemd's order. */
  readonly files: readonly TextFile[];
}

export interface Units {
  /** The init is systemd (false: another init, or a container without one). */
  readonly systemd: Reading<boolean>;
  /**
   * Units of interest that exist, and any other unit of the administrator's whose files speak of settings (sysctl,
   * /proc/sys). Where systemd could not be asked: what the files show.
   */
  readonly units: Reading<readonly Unit[]>;
}

const UNITS_OF_INTEREST = [...CLUSTER_UNITS, ...NETWORK_UNITS, ...CLOCK_UNITS] as const;

/**
 * Monotonic times (microseconds since boot) rather than dates: they are printed without a time zone by every systemd
 * there is, and a clock that NTP stepped after boot does not bend them.
 */
const PROPERTIES = [
  'Id',
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'FragmentPath',
  'DropInPaths',
  'ExecMainStartTimestampMonotonic',
  'ActiveEnterTimestampMonotonic',
] as const;

const SHOW = ['systemctl', 'show', '-p', PROPERTIES.join(','), ...UNITS_OF_INTEREST] as const;
const INIT = '/proc/1/comm';
/** sd_booted(3): this directory exists when, and only when, systemd is the init. */
const BOOTED = '/run/systemd/system';

const UNITS_ASKS: readonly Ask[] = [
  { kind: 'run', argv: SHOW, timeoutMs: 10_000 },
  { kind: 'file', path: '/proc/stat', keep: '^btime ' },
  { kind: 'file', path: INIT },
  { kind: 'list', path: BOOTED },
  ...UNIT_FILE_ASKS,
];

type Properties = ReadonlyMap<string, string>;

function systemdOf(view: CaptureView): Reading<boolean> {
  const booted = view.list(BOOTED);
  if (booted.known) return known(true, booted.source);
  const init = view.text(INIT);
  if (init.known) return known(init.value.trim() === 'systemd', init.source);
  // A bare file tree has neither /run nor /proc: nothing is running there to be asked.
  return booted.reason === 'absent' ? init : booted;
}

function unitsOf(view: CaptureView, systemd: Reading<boolean>): Reading<readonly Unit[]> {
  const shown = mapReading(view.text(sourceOf(SHOW)), blocksFrom);
  const files = unitFilesOf(view);
  const boot = bootSecondsOf(view);
  const start = boot.known ? boot.value : undefined;
  if (shown.known) {
    const running = shown.value
      .filter((block) => block.get('LoadState') !== 'not-found')
      .map((block) => unitOf(block, start, view, files));
    const more = files.known ? fromFiles(files.value, (name) => !running.some((unit) => unit.name === name)) : [];
    return known([...running, ...more.filter(speaksOfSettings)], shown.source);
  }
  // A systemd that runs and gave no answer knows of units that no file tells of.
  if (!files.known || (systemd.known && systemd.value && shown.reason !== 'not-collected')) return shown;
  const found = fromFiles(files.value, () => true);
  return known(
    found.filter((unit) => isOfInterest(unit.name) || speaksOfSettings(unit)),
    files.source,
  );
}

/** `systemctl show` prints a block of NAME=value lines for each unit, with an empty line between. */
function blocksFrom(text: string): Properties[] {
  const blocks: Map<string, string>[] = [];
  for (const [at, chunk] of text.split(/\n\n+/).entries()) {
    const lines = chunk.split('\n').filter((line) => line !== '');
    if (lines.length === 0) continue;
    const block = new Map(lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]));
    if (!block.has('Id') || !block.has('LoadState')) throw new Error(`block ${at + 1}: no Id and LoadState`);
    // Two names of one unit (chrony, chronyd) print it twice.
    if (!blocks.some((other) => other.get('Id') === block.get('Id'))) blocks.push(block);
  }
  return blocks;
}

function unitOf(block: Properties, boot: number | undefined, view: CaptureView, files: Reading<UnitFiles>): Unit {
  const word = (name: (typeof PROPERTIES)[number]) => block.get(name) ?? '';
  const execStart = momentOf(word('ExecMainStartTimestampMonotonic'), boot);
  const activeEnter = momentOf(word('ActiveEnterTimestampMonotonic'), boot);
  const paths = [word('FragmentPath'), ...word('DropInPaths').split(' ')].filter((path) => path !== '');
  const seen = files.known ? files.value.files(word('Id')) : [];
  return {
    name: word('Id'),
    loadState: word('LoadState'),
    activeState: word('ActiveState'),
    subState: word('SubState'),
    unitFileState: word('UnitFileState'),
    ...(execStart === undefined ? {} : { execStart }),
    ...(activeEnter === undefined ? {} : { activeEnter }),
    files: paths.map((path) => seen.find((file) => file.path === path) ?? { path, text: textOf(view, path) }),
  };
}

/** systemd tells the path it loaded, which may be the other name of a directory that is a link (/lib, /usr/lib). */
function textOf(view: CaptureView, path: string): Reading<string> {
  const text = view.text(path);
  if (text.known || text.reason !== 'not-collected') return text;
  const other = view.text(path.startsWith('/usr/lib/') ? path.slice('/usr'.length) : `/usr${path}`);
  return other.known ? other : unknown('not-collected', path, text.detail);
}

/** Microseconds since boot as a date; 0 means it never happened. */
function momentOf(microseconds: string, boot: number | undefined): string | undefined {
  if (boot === undefined || !/^[1-9]\d{0,15}$/.test(microseconds)) return undefined;
  return new Date(boot * 1000 + Math.floor(Number(microseconds) / 1000)).toISOString();
}

function fromFiles(files: UnitFiles, wanted: (name: string) => boolean): Unit[] {
  return files.names.filter(wanted).map((name) => ({
    name,
    loadState: '',
    activeState: '',
    subState: '',
    unitFileState: files.wanted(name) ? 'enabled' : '',
    files: files.files(name),
  }));
}

function isOfInterest(name: string): boolean {
  return UNITS_OF_INTEREST.some((unit) => unit === name);
}

function speaksOfSettings(unit: Unit): boolean {
  return unit.files.some(({ text }) => text.known && /sysctl|\/proc\/sys\//.test(text.value));
}

export const units = subject<Units>({
  asks: UNITS_ASKS,
  parse: (view) => {
    const systemd = systemdOf(view);
    return { systemd, units: unitsOf(view, systemd) };
  },
});
