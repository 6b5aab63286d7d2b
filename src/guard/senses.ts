import { existsSync } from 'node:fs';
import type { ActingHost } from '../hosts/host.ts';
import { known, type Reading } from '../hosts/reading.ts';
import { apply, observe } from '../remedies/execute.ts';
import type { Demand, ModuleDemand } from './demand.ts';
import type { RepairOutcome } from './kept-key.ts';
import type { Senses } from './loop.ts';
import { linkNews } from './relevance.ts';
import { stepFor } from './repairs.ts';
import { type LinkChanges, type LinkTable, linkTable } from './watch/links.ts';

import type { NetworkWatch } from './watch/netlink.ts';
import type { Link, NetworkEvent } from './watch/netlink-messages.ts';
import type { SettingsWatch } from './watch/settings.ts';

export interface SensesParts {
  readonly settings: SettingsWatch;
  /** Unknown where netlink cannot be used: bridges cannot be read then, and links that come are met at the next round. */
  readonly network: Reading<NetworkWatch>;
  /** Loads modules. */
  readonly host: ActingHost;
  /** Something happened that may change what is wanted. */
  readonly ask: (why: string) => void;
}

/** The node as the loop reads and writes it: settings by their files, bridges and links by netlink, modules by name. */
export function makeSenses({ settings, network, host, ask }: SensesParts): Senses {
  const table = linkTable();
  if (network.known) take(network.value.linksNow(), table);

  function refresh(): void {
    if (!network.known) return;
    const events = network.value.drain();
    if (events.length === 0) return;
    const overflown = events.some(({ type }) => type === 'overflow');
    const before = new Map(table.all().map((link) => [link.name, link]));
    const { appeared, gone } = overflown ? take(network.value.linksNow(), table) : table.apply(events);
    // A file kept open below an interface answers ENOENT for ever once that was made anew.
    if (overflown || appeared.length > 0 || gone.length > 0) settings.reopen();
    if (overflown) ask('more happened to links than could be told');
    else for (const why of newsOf(events, { appeared, gone }, before, table)) ask(why);
  }

  function read(demand: Demand): Reading<string> {
    if (demand.kind === 'setting') return settings.read(demand.key);
    if (demand.kind === 'module') return modulePresence(demand.name);
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

function modulePresence(name: string): Reading<string> {
  const path = `/sys/module/${name}`;
  return known(existsSync(path) ? 'loaded' : 'absent', path);
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

/** Why what happened to links calls for another judgement; empty where only guests came and went. */
function newsOf(
  events: readonly NetworkEvent[],
  { appeared, gone }: LinkChanges,
  before: ReadonlyMap<string, Link>,
  table: LinkTable,
): readonly string[] {
  const seen = new Set<string>();
  const names = events.flatMap((event) => (event.type === 'link' ? [event.link.name] : []));
  for (const name of new Set([...names, ...gone])) {
    const now = table.named(name);
    const was = before.get(name);
    const link = now ?? was;
    if (!link) continue;
    const what = !now ? 'vanished' : appeared.includes(name) ? 'appeared' : 'changed';
    const master = masterOf(link, table);
    const { relevant, why } = linkNews({
      what,
      name,
      kind: link.kind,
      up: link.up,
      ...(master !== undefined && { master, masterPorts: portsOf(link.master, table) }),
      ...(was && { was: wasOf(was, table) }),
    });
    if (relevant) seen.add(why);
  }
  if (events.some(({ type }) => type === 'address')) seen.add('addresses changed');
  return [...seen];
}

function wasOf(link: Link, table: LinkTable): { readonly up: boolean; readonly master?: string } {
  const master = masterOf(link, table);
  return { up: link.up, ...(master !== undefined && { master }) };
}

function masterOf({ master }: Link, table: LinkTable): string | undefined {
  return master === 0 ? undefined : table.all().find(({ index }) => index === master)?.name;
}

function portsOf(master: number, table: LinkTable): number {
  return table.all().filter((link) => link.master === master).length;
}
