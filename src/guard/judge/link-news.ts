import type { LinkChanges, LinkTable } from '../watch/links.ts';
import type { Link, NetworkEvent } from '../watch/netlink-messages.ts';
import { addressNews, defaultRouteNews, linkNews } from './relevance.ts';

/** Links before something happened, by name. */
export type LinksBefore = ReadonlyMap<string, Link>;

/** Why what happened to links, addresses and default routes calls for another judgement; empty where only guests came and went. Pure. */
export function reasonsIn(
  events: readonly NetworkEvent[],
  { appeared, gone }: LinkChanges,
  before: LinksBefore,
  table: LinkTable,
): readonly string[] {
  const touched = events.flatMap((event) => (event.type === 'link' ? [event.link.name] : []));
  const ofLinks = [...new Set([...touched, ...gone])].flatMap((name) => {
    const link = table.named(name) ?? before.get(name);
    return link ? [linkNews(newsOf(link, appeared.includes(name), before, table))] : [];
  });
  const ofAddresses = events.flatMap((event) => {
    const link = event.type === 'address' ? table.all().find(({ index }) => index === event.index) : undefined;
    return link ? [addressNews(link)] : [];
  });
  const ofRoutes = events.flatMap((event) => (event.type === 'default-route' ? [defaultRouteNews()] : []));
  return [
    ...new Set([...ofLinks, ...ofAddresses, ...ofRoutes].filter(({ relevant }) => relevant).map(({ why }) => why)),
  ];
}

function newsOf(link: Link, isNew: boolean, before: LinksBefore, table: LinkTable): Parameters<typeof linkNews>[0] {
  const was = before.get(link.name);
  const what = !table.named(link.name) ? 'vanished' : isNew ? 'appeared' : 'changed';
  const ports = table.all().filter(({ master }) => master === link.master).length;
  return {
    what,
    name: link.name,
    kind: link.kind,
    ...state(link, table),
    ...(link.master !== 0 && { masterPorts: ports }),
    ...(was && { was: state(was, table) }),
  };
}

function state({ up, master }: Link, table: LinkTable): { readonly up: boolean; readonly master?: string } {
  const name = table.all().find(({ index }) => index === master)?.name;
  return { up, ...(name !== undefined && { master: name }) };
}
