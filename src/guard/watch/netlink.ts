import { known, type Reading, type Unknown, unknown } from '../../hosts/reading.ts';
import { reasonFor, wordsFor } from '../../hosts/system-errors.ts';
import type { BridgeDemand } from '../demand.ts';
import type { RepairOutcome } from '../keep/kept-key.ts';
import {
  askLink,
  askLinks,
  askSwitch,
  errnoIn,
  eventOf,
  type Link,
  linkIn,
  type Message,
  type NetworkEvent,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  OVERFLOW,
} from './netlink-messages.ts';
import { errnoName, type OpenRouteSocket, type RouteSocket, routeSockets } from './netlink-socket.ts';

/**
 * What the kernel tells of links, addresses and default routes of one network namespace: that of the thread which opened this.
 * Nothing blocks but the kernel's own lock on the network's configuration, which others may hold for a while.
 *
 * A bridge that is down changes its switches without a word (netdev_state_change, net/core/dev.c): `linkNow` sees it.
 */
export interface NetworkWatch {
  /**
   * What happened since the last call, at most some thousand messages' worth; the rest comes with the next call. An
   * overflow comes alone: all has to be asked for again.
   */
  drain(): readonly NetworkEvent[];
  /** All links. For the beginning, and after an overflow; events that `drain` has not given yet may be in it already. */
  linksNow(): Reading<readonly Link[]>;
  /** One link; absent where there is none of that name. */
  linkNow(name: string): Reading<Link>;
  /** Sets a bridge's own switch. Microseconds, where a program would take milliseconds. */
  setBridge(bridge: string, name: BridgeDemand['name'], value: '0' | '1'): RepairOutcome;
  close(): void;
}

/** rtnetlink.h */
const RTMGRP_LINK = 1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV4_ROUTE = 0x40;
const RTMGRP_IPV6_IFADDR = 0x100;
const RTMGRP_IPV6_ROUTE = 0x400;
const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;
const MOST_DATAGRAMS = 4_096;
const MOST_DUMPS = 5;
const SOURCE = 'netlink(7) NETLINK_ROUTE';

/** What the queue holds now; true at the end when it is empty, false when there was too much for one time. */
function* queued(news: RouteSocket): Generator<Message | 'lost', boolean> {
  for (let count = 0; count < MOST_DATAGRAMS; count += 1) {
    const received = news.receive();
    if (received === 'nothing') return true;
    if (received === 'lost') yield received;
    else yield* received;
  }
  return false;
}

/** How an answer ended: an errno's name, or whole; `torn` where things changed while it was made. */
type Ending = { readonly failed: string } | { readonly torn: boolean };

interface Question {
  readonly request: (sequence: number) => Uint8Array;
  readonly take: (message: Message) => void;
  readonly isLast: (message: Message) => boolean;
}

function asker(socket: RouteSocket) {
  let sequence = 0;

  /**
   * The messages that answer, and then the errno's name of what went wrong. The kernel answers within send(2) and
   * recv(2): what is not there by now does not come.
   */
  function* answers(): Generator<Message, string> {
    for (;;) {
      const received = socket.receive();
      if (received === 'nothing') return 'EAGAIN';
      if (received === 'lost') return 'ENOBUFS';
      yield* received.filter((message) => message.sequence === sequence);
    }
  }

  return function ask({ request, take, isLast }: Question): Ending {
    sequence = (sequence + 1) >>> 0;
    const refused = socket.send(request(sequence));
    if (refused !== undefined) return { failed: refused };
    const answer = answers();
    let torn = false;
    let next = answer.next();
    for (; !next.done; next = answer.next()) {
      const failed = failureIn(next.value);
      if (failed !== undefined) return { failed };
      torn ||= (next.value.flags & NLM_F_DUMP_INTR) !== 0;
      take(next.value);
      if (isLast(next.value)) return { torn };
    }
    return { failed: next.value };
  };
}

/** The errno's name where the kernel refuses; an NLMSG_ERROR without one says that it went well. */
function failureIn({ type, body }: Message): string | undefined {
  const errno = type === NLMSG_ERROR || type === NLMSG_DONE ? errnoIn(body) : 0;
  return errno === 0 ? undefined : errnoName(errno);
}

function refusal(what: string, code: string): Unknown {
  return unknown(code === 'ENODEV' ? 'absent' : reasonFor(code), SOURCE, sayRefused(what, code));
}

function sayRefused(what: string, code: string): string {
  const words = code === 'ENODEV' ? 'No such device' : wordsFor(code);
  return words === code ? `${what}: ${code}` : `${what}: ${words} (${code})`;
}

/** Opens the watch in the calling thread's network namespace. Unknown where netlink or the foreign-function library is missing. */
export async function openNetworkWatch(): Promise<Reading<NetworkWatch>> {
  let open: OpenRouteSocket;
  try {
    open = await routeSockets();
  } catch {
    return unknown('failed', SOURCE, 'netlink cannot be used: the library koffi does not load here');
  }
  const news = open(GROUPS);
  if (typeof news === 'string') return refusal('socket(AF_NETLINK)', news);
  const requests = open(0);
  if (typeof requests !== 'string') return known(watchOn(news, requests), SOURCE);
  news.close();
  return refusal('socket(AF_NETLINK)', requests);
}

function watchOn(news: RouteSocket, requests: RouteSocket): NetworkWatch {
  const ask = asker(requests);
  let missed = false;

  function dump(): { readonly ending: Ending; readonly links: readonly Link[] } {
    for (let tries = 1; ; tries += 1) {
      const links: Link[] = [];
      const ending = ask({
        request: askLinks,
        take: ({ body }) => void links.push(...asList(linkIn(body))),
        isLast: ({ type }) => type === NLMSG_DONE,
      });
      if ('failed' in ending || !ending.torn) return { ending, links };
      if (tries < MOST_DUMPS) continue;
      // It changes faster than it can be read. What changed is told by news; what was skipped is seen the next time.
      missed = true;
      return { ending, links };
    }
  }

  return {
    drain() {
      const events = new Set<NetworkEvent>(missed ? [OVERFLOW] : []);
      const queue = queued(news);
      let next = queue.next();
      for (; !next.done; next = queue.next()) {
        const event = next.value === 'lost' ? OVERFLOW : eventOf(next.value);
        if (event !== undefined) events.add(event);
      }
      const emptied = next.value;
      // What was queued before a loss was told is older than the dump that follows: it would undo what that shows.
      missed = events.has(OVERFLOW) && !emptied;
      return events.has(OVERFLOW) ? [OVERFLOW] : [...events];
    },
    linksNow() {
      const { ending, links } = dump();
      return 'failed' in ending ? refusal('links', ending.failed) : known(links, SOURCE);
    },
    linkNow(name) {
      let link: Link | undefined;
      const ending = ask({
        request: (sequence) => askLink(name, sequence),
        take: ({ body }) => {
          link = linkIn(body);
        },
        isLast: () => true,
      });
      if ('failed' in ending) return refusal(name, ending.failed);
      return link === undefined ? refusal(name, 'EIO') : known(link, SOURCE);
    },
    setBridge(bridge, name, value) {
      const ending = ask({
        request: (sequence) => askSwitch(bridge, { name, value }, sequence),
        take: () => undefined,
        isLast: ({ type }) => type === NLMSG_ERROR,
      });
      if (!('failed' in ending)) return { ok: true };
      return { ok: false, why: sayRefused(`${name} of ${bridge}`, ending.failed) };
    },
    close() {
      news.close();
      requests.close();
    },
  };
}

function asList<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}
