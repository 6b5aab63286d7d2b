import type { ActingHost } from '../../hosts/host.ts';
import type { Reading } from '../../hosts/reading.ts';
import { apply, observe } from '../../remedies/execute.ts';
import type { Demand, ModuleDemand } from '../demand.ts';
import { reasonsIn } from '../judge/link-news.ts';
import { fileNews, unitNews } from '../judge/relevance.ts';
import type { RepairOutcome } from '../keep/kept-key.ts';
import type { Senses } from '../loop.ts';
import { stepFor } from '../repair/repairs.ts';
import type { FilesWatch } from './files.ts';
import { type LinkChanges, type LinkTable, linkTable } from './links.ts';
import type { ModulesWatch } from './modules.ts';
import type { NetworkWatch } from './netlink.ts';
import type { Link, NetworkEvent } from './netlink-messages.ts';
import type { SettingsWatch } from './settings.ts';
import type { UnitEvent, UnitsWatch } from './units.ts';

export interface SensesParts {
  readonly settings: SettingsWatch;
  /** Unknown where netlink cannot be used: bridges cannot be read then, and links that come are met at the next round. */
  readonly network: Reading<NetworkWatch>;
  readonly modules: ModulesWatch;
  readonly files: FilesWatch;
  /** Unknown where systemd is not the init. */
  readonly units: Reading<UnitsWatch>;
  /** Loads modules. */
  readonly host: ActingHost;
  /** Something happened that may change what is wanted. */
  readonly ask: (why: string) => void;
  /** A service began to start. */
  readonly started: (unit: string) => void;
  /** Something that cannot be watched, one line. */
  readonly complain: (why: string) => void;
  /** Milliseconds of a clock that is never set back. */
  readonly nowMs: () => number;
}

/** Modules are looked for by stat(2), once a second. */
const MODULES_EVERY_MS = 1_000;
/** What could not be watched is tried again, e.g. once somebody has given inotify watches back. */
const AGAIN_MS = 60_000;

/** The node as the loop reads and writes it: settings by their files, bridges and links by netlink, modules by name. */
export function makeSenses(parts: SensesParts): Senses {
  const { settings, network, modules, files, units, host, ask } = parts;
  const table = linkTable();
  let modulesMs = Number.NEGATIVE_INFINITY;
  let againMs: number | undefined;
  if (network.known) take(network.value.linksNow(), table);

  function refresh(): void {
    const nowMs = parts.nowMs();
    refreshLinks();
    tryAgain(nowMs);
    const { changed, unwatched } = files.drain(nowMs);
    for (const path of changed) tell(fileNews(path));
    for (const { directory, why } of unwatched ?? []) parts.complain(`${directory} is not watched: ${why}`);
    if (units.known) for (const event of units.value.drain(nowMs)) tellUnit(event);
    if (nowMs - modulesMs < MODULES_EVERY_MS) return;
    modulesMs = nowMs;
    for (const { module, what } of modules.drain()) ask(`module ${module} ${what}`);
  }

  function tryAgain(nowMs: number): void {
    againMs ??= nowMs + AGAIN_MS;
    if (nowMs < againMs) return;
    againMs = nowMs + AGAIN_MS;
    files.again();
  }

  function tell({ relevant, why }: ReturnType<typeof fileNews>): void {
    if (relevant) ask(why);
  }

  function tellUnit({ unit, what }: UnitEvent): void {
    if (what === 'started') parts.started(`${unit}.service`);
    tell(unitNews(`${unit}.service`, what));
  }

  function refreshLinks(): void {
    if (!network.known) return;
    const events = network.value.drain();
    if (events.length > 0) for (const why of linkReasons(network.value, events)) ask(why);
  }

  function linkReasons(watch: NetworkWatch, events: readonly NetworkEvent[]): readonly string[] {
    const overflown = events.some(({ type }) => type === 'overflow');
    const before = new Map(table.all().map((link) => [link.name, link]));
    const changes = overflown ? take(watch.linksNow(), table) : table.apply(events);
    // A file kept open below an interface answers ENOENT for ever once that was made anew.
    if (overflown || changes.appeared.length > 0 || changes.gone.length > 0) settings.reopen();
    return overflown ? ['more happened to links than could be told'] : reasonsIn(events, changes, before, table);
  }

  function read(demand: Demand): Reading<string> {
    if (demand.kind === 'setting') return settings.read(demand.key);
    if (demand.kind === 'module') return modules.read(demand.name);
    if (!network.known) return network;
    const link = table.named(demand.bridge);
    // A bridge that is down changes its switches without a word (netdev_state_change, net/core/dev.c).
    if (link && !link.up) {
      const fresh = network.value.linkNow(demand.bridge);
      if (fresh.known) table.apply([{ type: 'link', link: fresh.value }]);
    }
    return table.switchOf(demand.bridge, demand.name);
  }

  function write(demand: Demand): RepairOutcome | Promise<RepairOutcome> {
    if (demand.kind === 'setting') return settings.write(demand.key, demand.value);
    if (demand.kind === 'module') return loadModule(host, demand);
    if (!network.known) return { ok: false, why: network.detail };
    const outcome = network.value.setBridge(demand.bridge, demand.name, demand.value);
    const fresh = network.value.linkNow(demand.bridge);
    if (fresh.known) table.apply([{ type: 'link', link: fresh.value }]);
    return outcome;
  }

  return { refresh, read, write };
}

const NO_CHANGES: LinkChanges = { appeared: [], gone: [] };

function take(links: Reading<readonly Link[]>, table: LinkTable): LinkChanges {
  return links.known ? table.replace(links.value) : NO_CHANGES;
}

async function loadModule(host: ActingHost, demand: ModuleDemand): Promise<RepairOutcome> {
  const step = stepFor(demand);
  const before = await observe(host, step);
  if (!before.known) return { ok: false, why: before.detail };
  const done = await apply(host, step, before.value);
  return done.ok ? { ok: true } : { ok: false, why: done.why.en };
}
