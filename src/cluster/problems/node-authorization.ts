import type { Evidence } from '../../judging/finding.ts';
import type { Identity, Permission } from '../model.ts';
import { type ClusterJudgement, type ClusterParts, defineClusterProblem } from '../problem.ts';
import { refusingRule } from './node-authorization/rules.ts';

interface Facts {
  readonly request: string;
  readonly username: string;
  readonly message: string;
}

function check({
  identity,
  permissions,
}: ClusterParts<'identity' | 'permissions'>): readonly ClusterJudgement<Facts>[] {
  const who = identity.known ? identity.value : undefined;
  if (permissions.length === 0) {
    return [{ status: 'not-applicable', subject: '', why: 'no request was tried', evidence: [] }];
  }
  return permissions.map((permission) => judge(permission, who));
}

function judge(permission: Permission, who: Identity | undefined): ClusterJudgement<Facts> {
  const { request: subject, answered, review, ofEveryNode } = permission;
  const evidence: Evidence[] = review.known
    ? [{ source: review.source, value: review.value ? 'allowed' : 'refused' }]
    : [];
  if (answered.known) return { status: 'ok', subject, evidence };
  if (answered.reason === 'absent') return { status: 'ok', subject, evidence };
  if (answered.reason === 'denied' && ofEveryNode && isNode(who)) {
    const facts = { request: subject, username: who.username, message: answered.detail };
    const seen = [...evidence, { source: answered.source, value: answered.detail }];
    return { status: 'problem', subject, severity: 'warning', facts, evidence: seen };
  }
  const rule = answered.reason === 'denied' ? refusingRule(answered.detail) : undefined;
  const unknown = rule === undefined ? answered : { ...answered, detail: `${answered.detail} [${rule}]` };
  return { status: 'unknown', subject, severity: 'info', unknown, evidence };
}

function isNode(who: Identity | undefined): who is Identity {
  return who?.username.startsWith('system:node:') === true && who.groups.includes('system:nodes');
}

/**
 * What an identity may see. A refusal is no fault and decides nothing: it is told, with the rule that refuses. A node that is refused
 * what every node is given goes by a wrong name.
 */
export const nodeAuthorization = defineClusterProblem({
  id: 'node-authorization',
  title: { en: 'What these credentials may see', 'zh-CN': '当前身份的可见范围' },
  needs: ['identity', 'permissions'],
  check,
  explain: ({ request, username, message }) => ({
    title: { en: 'A node is refused what every node is given', 'zh-CN': '节点被拒绝了每个节点都应有的权限' },
    cause: {
      en: `${username} may not ${request}: ${message}. The node authorizer gives each node its own: the name in the certificate is not this node's name, or Node is missing in --authorization-mode.`,
      'zh-CN': `${username} 无权执行 ${request}：${message}。node authorizer 只给每个节点它自己的对象：证书中的名字不是本节点名，或 --authorization-mode 中缺少 Node。`,
    },
    impact: {
      en: 'The kubelet with these credentials cannot register, report or start Pods.',
      'zh-CN': '使用该身份的 kubelet 无法注册、上报或启动 Pod。',
    },
  }),
  prove: ({ request }) => `kubectl auth whoami; kubectl ${request.replace(/^list /, 'get ')}`,
});
