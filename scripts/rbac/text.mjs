// RBAC as YAML: what hayward's code says it asks of the API server, with the reason beside each rule.

const COLUMNS = 130;

/** A whole manifest: the comment it begins with, and its objects. */
export function manifestText({ heading, objects }) {
  const made = '# Written by npm run generate from the rights stated beside the code: do not edit.';
  return `${comment(heading, 0)}${made}\n${objects.join('---\n')}`;
}

/** The namespace of hayward's own. */
export function namespace(why) {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: hayward
  labels:
${comment(why, 4)}    pod-security.kubernetes.io/enforce: privileged
`;
}

/** A service account with all that it is granted: cluster-wide, and in a namespace what is only asked for there. */
export function account({ name, rights, automount = true }) {
  const all = withoutRepeats(rights);
  const wide = all.filter((right) => right.namespace === undefined);
  const namespaces = [...new Set(all.flatMap((right) => right.namespace ?? []))];
  const held = automount ? '' : `# The Pod that needs the token mounts it.\nautomountServiceAccountToken: false\n`;
  return [
    `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n  namespace: hayward\n${held}`,
    ...(wide.length > 0 ? [clusterRole({ name, rights: wide }), binding({ name })] : []),
    ...namespaces.flatMap((namespace) => {
      const own = all.filter((right) => right.namespace === namespace);
      return [role('Role', name, own, `  namespace: ${namespace}\n`), binding({ name, namespace })];
    }),
  ];
}

/** What an account that there is already is granted cluster-wide besides, by a role of its own. */
export function boundRole({ name, account, rights }) {
  return [clusterRole({ name, rights }), binding({ name, account })];
}

/** What several parts of a process ask for is granted once, with the first one's reason. */
function withoutRepeats(rights) {
  const granted = new Set();
  return rights.flatMap((right) => {
    if (right.urls) return [right];
    const { verbs, group, resources, names = [], namespace = '' } = right;
    const each = (verb) => resources.map((resource) => [verb, group, resource, names, namespace].join(' '));
    const fresh = verbs.filter((verb) => each(verb).some((one) => !granted.has(one)));
    for (const one of fresh.flatMap(each)) granted.add(one);
    return fresh.length > 0 ? [{ ...right, verbs: fresh }] : [];
  });
}

/** `why`: told above it, where the name does not say it. `labels` as lines of YAML. */
export function clusterRole({ name, rights, why = '', labels = '' }) {
  return comment(why, 0) + role('ClusterRole', name, rights, labels);
}

/** Whoever may view a cluster sees these. */
export function viewRole({ name, rights, why }) {
  const labels = '  labels:\n    rbac.authorization.k8s.io/aggregate-to-view: "true"\n';
  return clusterRole({ name, rights, why, labels });
}

/** What a role cannot say: by the token of its Pod, a service account may only write what is of its own node. */
export function ownNodeOnly({ name, why, resources, rule, message }) {
  const expression = `has(request.userInfo.extra) && 'authentication.kubernetes.io/node-name' in request.userInfo.extra &&
        request.userInfo.extra['authentication.kubernetes.io/node-name'].exists(node,
        ${rule})`;
  return policy({ name, why, resources, operations: ['CREATE', 'UPDATE'], expression, message });
}

/** An admission policy for a service account: that of its own name, where no other is given. */
export function policy({ name, account = name, why, resources, operations, expression, message }) {
  const rules = resources.map(
    ({ group, resource }) => `      - apiGroups: [${group || '""'}]
        apiVersions: ["*"]
        operations: [${operations.join(', ')}]
        resources: [${resource}]
`,
  );
  return [
    `${comment(why, 0)}apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: ${name}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
${rules.join('')}  matchConditions:
    - name: its-own-account
      expression: request.userInfo.username == 'system:serviceaccount:hayward:${account}'
  validations:
    - expression: >-
        ${expression}
      message: ${message}
      reason: Forbidden
`,
    `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: ${name}
spec:
  policyName: ${name}
  validationActions: [Deny]
`,
  ];
}

function role(kind, name, rights, metadata) {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata:
  name: ${name}
${metadata}rules:
${rights.map(ruleOf).join('')}`;
}

function ruleOf({ verbs, group, resources, names, urls, why }) {
  const what = urls
    ? `  - nonResourceURLs: [${urls.join(', ')}]\n`
    : `  - apiGroups: [${group || '""'}]\n    resources: [${resources.join(', ')}]\n`;
  const only = names ? `    resourceNames: [${names.join(', ')}]\n` : '';
  return `${comment(why, 2)}${what}${only}    verbs: [${verbs.join(', ')}]\n`;
}

/** Binds a service account to a role, whose name it has where no other is given: in a namespace where one is given, else everywhere. */
function binding({ name, namespace, account = name }) {
  const scope = namespace === undefined ? 'Cluster' : '';
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ${scope}RoleBinding
metadata:
  name: ${name}
${namespace === undefined ? '' : `  namespace: ${namespace}\n`}roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ${scope}Role
  name: ${name}
subjects:
  - kind: ServiceAccount
    name: ${account}
    namespace: hayward
`;
}

/** As many lines as it needs; a line break in the text stays one. */
function comment(text, indent) {
  return text
    .split('\n')
    .flatMap((line) => wrapped(line, COLUMNS - indent - 2))
    .map((line) => `${' '.repeat(indent)}# ${line}\n`)
    .join('');
}

function wrapped(text, columns) {
  const lines = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
