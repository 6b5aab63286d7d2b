import { json, plainText, type Route } from '../../http-server.ts';
import { LANGS, type Lang } from '../../lang.ts';
import { VERSION } from '../../version.ts';
import type { Daemon } from '../daemon.ts';
import type { GuardPlan } from '../model.ts';
import { LONGEST_PAUSE_MS } from './control.ts';
import type { Ledger } from './ledger.ts';
import { metricsText } from './metrics.ts';

/** What anybody who may ask is told. */
export function publicRoutes(daemon: Daemon, ledger: Ledger): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      open: true,
      answer: () => (daemon.alive() ? plainText('ok') : plainText('the loop hangs', 503)),
    },
    {
      method: 'GET',
      path: '/readyz',
      open: true,
      answer: () => (daemon.ready() ? plainText('ok') : plainText('the node has not been judged yet', 503)),
    },
    {
      method: 'GET',
      path: '/metrics',
      answer: () => ({
        status: 200,
        type: 'text/plain; version=0.0.4; charset=utf-8',
        body: metricsText({
          version: VERSION,
          status: daemon.status('en'),
          ledger,
          plan: daemon.plan(),
          cost: costNow(),
        }),
      }),
    },
    {
      method: 'GET',
      path: '/v1/findings',
      answer() {
        const plan = daemon.plan();
        return plan ? json(findingsDocument(plan)) : plainText('the node has not been judged yet', 503);
      },
    },
  ];
}

/** What the node's own administrator may do, through the socket. */
export function controlRoutes(daemon: Daemon): readonly Route[] {
  return [
    { method: 'GET', path: '/v1/status', answer: (query) => json(daemon.status(langOf(query))) },
    {
      method: 'POST',
      path: '/v1/pause',
      answer(query) {
        const ms = Number(query.get('ms') ?? Number.NaN);
        if (!(ms >= 0 && ms <= LONGEST_PAUSE_MS)) return plainText('expected ms, at most a day', 400);
        return json({ pausedUntil: daemon.pause(ms)?.toISOString() ?? null });
      },
    },
    {
      method: 'POST',
      path: '/v1/release',
      answer: () => json(daemon.release()),
    },
  ];
}

function langOf(query: URLSearchParams): Lang {
  return LANGS.find((lang) => lang === query.get('lang')) ?? 'en';
}

function costNow() {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, residentBytes: process.memoryUsage.rss() };
}

/** The last judgement in the shape `doctor --json` prints. */
function findingsDocument({ takenAt, target, profile, profileEvidence, findings }: GuardPlan): object {
  const count = (status: string) => findings.filter((finding) => finding.status === status).length;
  return {
    schemaVersion: 1,
    tool: { name: 'hayward', version: VERSION },
    takenAt,
    durationMs: 0,
    targets: [{ name: target, via: 'local', profile, profileEvidence }],
    findings,
    summary: {
      ok: count('ok'),
      problem: count('problem'),
      unknown: count('unknown'),
      notApplicable: count('not-applicable'),
    },
  };
}
