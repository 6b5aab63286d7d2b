import type { Reading } from '../../hosts/reading.ts';
import { anyApiServer } from '../api-state.ts';
import type { Certificate } from '../model/machine.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { ageSeconds, clusterNow } from '../time.ts';

interface Facts {
  readonly kind: 'expired' | 'expiring' | 'early';
  readonly place: string;
  readonly subject: string;
  /** Days to its end, or from it; to its beginning where it is early. */
  readonly days: number;
  /** The client's own, by which it was asked: in or named by its kubeconfig. */
  readonly own: boolean;
}

/** RKE2 and k3s issue for a year and renew at a start within the last 120 days, 90 before May 2025 (docs.rke2.io, security/certificates). */
const SOON_DAYS = 30;
const DAY_SECONDS = 86_400;

/** Files without which no API server serves (RKE2's and kubeadm's names); others are clients'. */
const OF_SERVER = /(?:serving-kube-)?apiserver[^/]*\.crt$|\/etcd\/[^/]*\.crt$/;

type Parts = ClusterParts<'apiServers' | 'vantage' | 'managementAddress' | 'certificates' | 'kubeconfig'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { apiServers, managementAddress, certificates } = parts;
  const looked = { now: clusterNow(parts), kubeconfig: parts.kubeconfig.path };
  const down = anyApiServer(parts) === 'bad';
  const served = [
    ...apiServers.map(({ url, certificate }) => ({ place: url, certificate, serves: true })),
    { place: 'VIP', certificate: managementAddress.certificate, serves: false },
  ];
  return [
    ...served.map(({ place, certificate, serves }) => judgeReading(place, certificate, looked, down && serves)),
    ...(certificates.known
      ? certificates.value.map((one) => judge(one, looked, down && OF_SERVER.test(one.place)))
      : [unseen('', certificates)]),
  ];
}

interface LookedAt {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Path of the kubeconfig in use. */
  readonly kubeconfig: string;
}

function judgeReading(
  place: string,
  certificate: Reading<Certificate>,
  looked: LookedAt,
  down: boolean,
): ClusterJudgement<Facts> {
  return certificate.known ? judge(certificate.value, looked, down) : unseen(place, certificate);
}

/** Where the API server answers, its certificate is good enough; where it does not, that says so itself. */
function unseen(subject: string, reading: Extract<Reading<unknown>, { known: false }>): ClusterJudgement<Facts> {
  if (reading.reason === 'absent' || reading.reason === 'not-collected') {
    return { status: 'not-applicable', subject, why: reading.detail, evidence: [] };
  }
  return { status: 'unknown', subject, severity: 'info', unknown: reading, evidence: [] };
}

/** Expired decides where no API server answers: it is the cause then. Elsewhere it is on its way there. */
function judge(certificate: Certificate, { now, kubeconfig }: LookedAt, down: boolean): ClusterJudgement<Facts> {
  const { place, subject, notBefore, notAfter } = certificate;
  const past = ageSeconds(notAfter, now);
  const begun = ageSeconds(notBefore, now);
  const evidence = [{ source: place, value: `${notBefore} to ${notAfter}` }];
  if (past === undefined || begun === undefined) {
    const unknown = {
      known: false,
      reason: 'failed',
      detail: `${place}: no validity can be read`,
      source: place,
    } as const;
    return { status: 'unknown', subject: place, severity: 'info', unknown, evidence };
  }
  const found = (kind: Facts['kind'], seconds: number): ClusterJudgement<Facts> => ({
    status: 'problem',
    subject: place,
    severity: down && kind !== 'expiring' ? 'critical' : 'warning',
    facts: { kind, place, subject, days: Math.floor(Math.abs(seconds) / DAY_SECONDS), own: place === kubeconfig },
    evidence,
  });
  if (past >= 0) return found('expired', past);
  if (begun < 0) return found('early', begun);
  if (past > -SOON_DAYS * DAY_SECONDS) return found('expiring', past);
  return { status: 'ok', subject: place, evidence };
}

const OWN_IMPACT = {
  en: 'From its end on the API server does not know who asks and refuses everything (401). Put it right: RKE2 and k3s write their kubeconfigs anew when they are restarted; else have one issued.',
  'zh-CN':
    '过期后 API server 无法识别身份，会拒绝一切请求（401）。修复：重启 RKE2 或 k3s 会重写其 kubeconfig；否则请重新签发。',
} as const;

/** It is in the kubeconfig, as base64, or in a file named there. */
function proveOwn(kubeconfig: string): string {
  const data = "jsonpath='{.users[0].user.client-certificate-data}'";
  return `kubectl --kubeconfig ${quoted(kubeconfig)} config view --raw --minify --flatten -o ${data} | base64 -d | openssl x509 -noout -dates`;
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}

/** A certificate of the cluster has ended, soon ends, or has not begun. */
export const certificateExpiring = defineClusterProblem({
  id: 'certificate-expiring',
  title: { en: 'Certificates', 'zh-CN': '证书' },
  needs: ['apiServers', 'vantage', 'managementAddress', 'certificates', 'kubeconfig'],
  check,
  explain({ kind, place, subject, days, own }) {
    const inDays = `${days} ${days === 1 ? 'day' : 'days'}`;
    const titles = {
      expired: { en: `A certificate expired ${inDays} ago`, 'zh-CN': `证书已过期 ${days} 天` },
      expiring: { en: `A certificate expires in ${inDays}`, 'zh-CN': `证书将在 ${days} 天后过期` },
      early: { en: 'A certificate is not valid yet', 'zh-CN': '证书尚未生效' },
    } as const;
    return {
      title: titles[kind],
      cause:
        kind === 'early'
          ? {
              en: `${place} (${subject}) begins later than the clock says: the clock it was compared with is behind, or was ahead when the certificate was made.`,
              'zh-CN': `${place}（${subject}）的生效时间晚于当前时钟：当前时钟落后，或签发时时钟超前。`,
            }
          : {
              en: `${place} (${subject}). RKE2 and k3s renew theirs only when the service starts, in the last months before the end.`,
              'zh-CN': `${place}（${subject}）。RKE2 与 k3s 只在到期前数月内的服务启动时续期。`,
            },
      impact: own
        ? OWN_IMPACT
        : {
            en: 'From its end on whoever checks it refuses the connection: kubelet, kubectl, webhooks. Put it right: restart rke2-server (rke2-agent), one node at a time.',
            'zh-CN':
              '过期后校验方会拒绝连接：kubelet、kubectl、webhook。修复：逐个节点重启 rke2-server（rke2-agent）。',
          },
    };
  },
  prove: ({ place, own }) =>
    own
      ? proveOwn(place)
      : /^https:/.test(place)
        ? `openssl s_client -connect ${new URL(place).host} </dev/null 2>/dev/null | openssl x509 -noout -dates`
        : `openssl x509 -noout -dates -in ${quoted(place)}`,
});
