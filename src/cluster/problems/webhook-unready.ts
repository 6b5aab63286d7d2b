import type { Webhook } from '../model/parts.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { judgeServed } from '../served.ts';
import { clusterNow } from '../time.ts';
import { type WebhookTrouble, webhookTrouble } from './webhook-unready/trouble.ts';

interface Facts {
  readonly name: string;
  readonly trouble: WebhookTrouble;
  /** What the API server then refuses; empty where it goes on without the webhook. */
  readonly blocks: readonly string[];
  readonly narrowed: boolean;
}

/** A webhook's Pods are rolled one after another; their image is pulled once. */
const DEADLINE_SECONDS = 300;

/** Without these Harvester and Rancher accept no change to their own objects. */
const ESSENTIAL = [
  {
    namespace: 'harvester-system',
    name: 'harvester-webhook',
    blocks: ['changes to VMs, networks, settings and nodes'],
  },
  { namespace: 'cattle-system', name: 'rancher-webhook', blocks: ['changes to clusters, projects and roles'] },
] as const;

type Parts = ClusterParts<'webhooks' | 'endpoints'>;

function check(parts: Parts): readonly ClusterJudgement<Facts>[] {
  const { webhooks } = parts;
  const now = clusterNow(parts);
  const essential = ESSENTIAL.flatMap((one) =>
    judgeServed<Facts>(parts, one, DEADLINE_SECONDS, (name) => {
      return { name, trouble: { kind: 'no-endpoint', detail: name }, blocks: one.blocks, narrowed: false };
    }),
  );
  if (!webhooks.known) {
    return [...essential, { status: 'unknown', subject: '', severity: 'info', unknown: webhooks, evidence: [] }];
  }
  const judged = webhooks.value.map((webhook) => judgeWebhook(webhook, now));
  if (essential.length + judged.length > 0) return [...essential, ...judged];
  return [{ status: 'not-applicable', subject: '', why: 'there are no webhooks', evidence: [] }];
}

function judgeWebhook(webhook: Webhook, now: number): ClusterJudgement<Facts> {
  const { configuration, name, failurePolicy, rules, narrowed } = webhook;
  const subject = `${configuration}/${name}`;
  const trouble = webhookTrouble(webhook, now);
  const evidence = [
    {
      source: `${webhook.kind}webhookconfiguration ${configuration}`,
      value: `${name} ${failurePolicy}: ${rules.join('; ')}`,
    },
  ];
  if (trouble === undefined) return blindOrFine(webhook, subject, evidence);
  const facts: Facts = { name, trouble, blocks: failurePolicy === 'Fail' ? rules : [], narrowed };
  return {
    status: 'problem',
    subject,
    severity: failurePolicy === 'Fail' ? 'warning' : 'info',
    ...(trouble.kind !== 'authority-expired' && { settles: { deadlineSeconds: DEADLINE_SECONDS } }),
    facts,
    evidence: [...evidence, { source: name, value: trouble.detail }],
  };
}

/** Fine only where something was seen of what is behind it. */
function blindOrFine(
  { calls, handshake, counted }: Webhook,
  subject: string,
  evidence: ClusterJudgement<Facts>['evidence'],
): ClusterJudgement<Facts> {
  const seen = [...('url' in calls ? [] : [calls.endpoints]), handshake, counted];
  const [first] = seen;
  if (first === undefined || seen.some(({ known }) => known) || first.known) return { status: 'ok', subject, evidence };
  return { status: 'unknown', subject, severity: 'info', unknown: first, evidence };
}

const CAUSES = {
  'no-service': { en: 'Its Service does not exist', 'zh-CN': '其 Service 不存在' },
  'no-endpoint': { en: 'No Ready Pod stands behind its Service', 'zh-CN': '其 Service 后面没有就绪的 Pod' },
  'authority-expired': {
    en: 'The authority in its caBundle has expired: no certificate it signed is accepted',
    'zh-CN': 'caBundle 中的 CA 已过期：它签发的证书都不被接受',
  },
  'no-answer': { en: 'It does not answer', 'zh-CN': '没有应答' },
  tls: { en: 'Its certificate does not stand up to its caBundle and name', 'zh-CN': '其证书与 caBundle 或域名不符' },
  failing: { en: 'Most calls of the API server to it failed', 'zh-CN': 'API server 对它的调用多数失败' },
  slow: { en: 'It takes most of its time limit', 'zh-CN': '响应耗时接近时限' },
} as const;

/** A webhook that the API server has to ask gives no answer. */
export const webhookUnready = defineClusterProblem({
  id: 'webhook-unready',
  title: { en: 'Webhooks', 'zh-CN': 'Webhook' },
  needs: ['webhooks', 'endpoints'],
  dependsOn: ['apiserver-unready', 'node-unready'],
  check,
  explain({ name, trouble, blocks, narrowed }) {
    const what = blocks.join('; ');
    const cause = CAUSES[trouble.kind];
    return {
      title: { en: `Webhook ${name} cannot be served`, 'zh-CN': `Webhook ${name} 无法提供服务` },
      cause: { en: `${cause.en}: ${trouble.detail}.`, 'zh-CN': `${cause['zh-CN']}：${trouble.detail}。` },
      impact:
        blocks.length > 0
          ? {
              en: `The API server refuses (failurePolicy Fail): ${what}${narrowed ? ', as far as its selectors reach' : ''}. "failed calling webhook".`,
              'zh-CN': `API server 会拒绝（failurePolicy Fail）：${what}${narrowed ? '（限于其选择器范围）' : ''}。报错 “failed calling webhook”。`,
            }
          : {
              en: 'The API server goes on without it (failurePolicy Ignore), each time after its time limit.',
              'zh-CN': 'API server 会跳过它（failurePolicy Ignore），但每次都要等到超时。',
            },
    };
  },
  prove: () => 'kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations; kubectl get endpoints -A',
});
