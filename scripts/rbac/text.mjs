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
  const wide = rights.filter((right) => right.namespace === undefined);
  const own = rights.filter((right) => right.namespace === 'hayward');
  if (wide.length + own.length < rights.length) throw new Error(`${name}: rights in another namespace than hayward`);
  const held = automount ? '' : `# The Pod that needs the token mounts it.\nautomountServiceAccountToken: false\n`;
  return [
    `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}\n  namespace: hayward\n${held}`,
    ...(wide.length > 0 ? [clusterRole({ name, rights: wide }), binding('Cluster', name)] : []),
    ...(own.length > 0 ? [role('Role', name, own, '  namespace: hayward\n'), binding('', name)] : []),
  ];
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
export function ownNodeOnly({ name, why, account: of, resources, rule, message }) {
  const rules = resources.map(
    ({ group, resource }) => `      - apiGroups: [${group}]
        apiVersions: ["*"]
        operations: [CREATE, UPDATE]
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
      expression: request.userInfo.username == 'system:serviceaccount:hayward:${of}'
  validations:
    - expression: >-
        has(request.userInfo.extra) && 'authentication.kubernetes.io/node-name' in request.userInfo.extra &&
        request.userInfo.extra['authentication.kubernetes.io/node-name'].exists(node,
        ${rule})
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
  const rules = rights.map(
    ({ verbs, group, resources, names, why }) => `${comment(why, 2)}  - apiGroups: [${group || '""'}]
    resources: [${resources.join(', ')}]
${names ? `    resourceNames: [${names.join(', ')}]\n` : ''}    verbs: [${verbs.join(', ')}]
`,
  );
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ${kind}
metadata:
  name: ${name}
${metadata}rules:
${rules.join('')}`;
}

function binding(scope, name) {
  return `apiVersion: rbac.authorization.k8s.io/v1
kind: ${scope}RoleBinding
metadata:
  name: ${name}
${scope ? '' : '  namespace: hayward\n'}roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ${scope}Role
  name: ${name}
subjects:
  - kind: ServiceAccount
    name: ${name}
    namespace: hayward
`;
}

function comment(text, indent) {
  const lines = [];
  for (const word of text.split(' ').filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < COLUMNS - indent - 2)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => `${' '.repeat(indent)}# ${line}\n`).join('');
}
