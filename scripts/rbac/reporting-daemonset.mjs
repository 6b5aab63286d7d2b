/** The guard's DaemonSet as it reports to the cluster: the other's text, with what reporting needs. Throws where that text is no longer there. */
export function reportingDaemonSet(text) {
  const begin = text.indexOf('apiVersion: apps/v1');
  const changes = [
    ['automountServiceAccountToken: false', 'automountServiceAccountToken: false # mounted below, by hand'],
    ['args: []', `args: ["--report-to-cluster"]\n${ENVIRONMENT}`],
    ['          volumeMounts:\n', `          volumeMounts:\n${MOUNT}`],
    ['      volumes:\n', `      volumes:\n${VOLUME}`],
  ];
  const changed = changes.reduce((before, [from, to]) => {
    if (before.split(from).length !== 2) throw new Error(`deploy/guard/daemonset.yaml: expected once: ${from}`);
    return before.replace(from, () => to);
  }, text.slice(begin));
  return HEADING + changed;
}

const HEADING = `# hayward guard on every node, which tells the cluster what its node is like: kubectl get nodereports. After
# deploy/controller/crds.yaml and rbac.yaml, which makes its namespace and service account. Build the image from
# deploy/image/Dockerfile, put its name below, then: kubectl apply -f daemonset-reporting.yaml
# Written by npm run generate from daemonset.yaml: do not edit.
`;
const ENVIRONMENT = `          env:
            - name: NODE_NAME
              valueFrom: { fieldRef: { fieldPath: spec.nodeName } }
            - { name: HAYWARD_SERVICE_ACCOUNT, value: /serviceaccount }
`.trimEnd();
const MOUNT = `            # Not at its usual place below /run, which is the node's and read-only here.
            - { name: account, mountPath: /serviceaccount, readOnly: true }
`;
const VOLUME = `        - name: account
          projected:
            sources:
              - serviceAccountToken: { path: token, expirationSeconds: 3607 }
              - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
`;
