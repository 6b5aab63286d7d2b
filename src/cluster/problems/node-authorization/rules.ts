/**
 * The rules that refuse, by the words they refuse with (kubernetes plugin/pkg/auth/authorizer/node/node_authorizer.go; an RBAC
 * refusal gives no reason of its own).
 */
const RULES: readonly (readonly [RegExp, string])[] = [
  [
    /can only list\/watch pods with spec\.nodeName field selector/,
    'AuthorizeNodeWithSelectors, on since Kubernetes 1.32: a node may list the Pods of its own node alone',
  ],
  [
    /cannot read all nodes, only its own Node object|cannot read '[^']*', only its own Node object/,
    'AuthorizeNodeWithSelectors, on since Kubernetes 1.32: a node may read its own Node object alone',
  ],
  [
    /no relationship found between node/,
    'the node authorizer: a node may read what Pods bound to it use, and nothing else',
  ],
  [/HTTP 401/, 'the API server does not know these credentials'],
  [/is forbidden: User "[^"]*" cannot/, 'RBAC: no rule allows it'],
];

/** Which rule refused a request, by the server's message; undefined where the words are not known. */
export function refusingRule(message: string): string | undefined {
  return RULES.find(([words]) => words.test(message))?.[1];
}
