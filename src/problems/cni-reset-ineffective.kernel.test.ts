import { existsSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { GENERATIONS, type Generation, stageNode, yip } from '../../lab/yip.ts';
import { parsed } from '../../test/parse.ts';
import { snapshotWith } from '../../test/parts.ts';
import { DEFAULT_DATA_DIR, OEM_PATH, reclaimBeforeStart } from '../leases/before-start.ts';
import { harvester as profile } from '../profiles/harvester.ts';
import { harvester } from '../snapshot/harvester.ts';
import { cniResetIneffective } from './cni-reset-ineffective.ts';

type Files = Readonly<Record<string, string>>;

const NETWORK = `${DEFAULT_DATA_DIR}/k8s-pod-network`;
const LEASE = `${'d'.repeat(64)}\r\neth0`;
const RM = `rm -rf ${NETWORK}`;
const OWN = '/system/oem/99_cni_reset.yaml';
/** As v1.4.2 and v1.5.0 shipped it, and as v1.4.3 and v1.5.1 do (harvester-installer at these tags). */
const SHIPPED = `name: "reset container dhcp leases"\nstages:\n   initramfs:\n     - command:\n       - ${RM}`;
const MENDED = `name: "reset container dhcp leases"
stages:
  initramfs:
    - name: "reset container dhcp leases"
      commands:
      - ${RM}
`;
const RELEASE: Readonly<Record<Generation, string>> = { 'elemental-1': 'v1.5.1', 'elemental-2': 'v1.11.0' };

/** The real yip's work on a node with two leases, as elemental does it before a runtime starts. */
async function leftBy(generation: Generation, files: Files): Promise<'stay' | 'go'> {
  const node = await stageNode();
  try {
    for (const ip of ['10.52.0.7', '10.52.0.8']) await node.write(`${NETWORK}/${ip}`, LEASE);
    for (const [path, text] of Object.entries(files)) await node.write(path, text);
    await node.boot(generation);
    const names = existsSync(node.at(NETWORK)) ? readdirSync(node.at(NETWORK)) : [];
    expect([0, 2]).toContain(names.length);
    return names.length === 0 ? 'go' : 'stay';
  } finally {
    await node.dispose();
  }
}

function judged(generation: Generation, files: Files): string {
  const release = `harvester: ${RELEASE[generation]}\n`;
  const node = parsed(harvester, { files: { ...files, '/etc/harvester-release.yaml': release } });
  const [judgement] = cniResetIneffective.check(snapshotWith({ harvester: node }), profile);
  return judgement?.status === 'problem' ? judgement.facts.how : (judgement?.status ?? 'none');
}

const stages = (stage: string, ...steps: string[]) =>
  `stages:\n  ${stage}:\n${steps.map((step) => `    - ${step.replaceAll('\n', '\n      ')}\n`).join('')}`;
const initramfs = (...steps: string[]) => stages('initramfs', ...steps);
const cleans = (before = '') => `${before}commands:\n- ${RM}`;
const own = (text: string): Files => ({ [OWN]: text });
const beside = (text: string): Files => ({ [OWN]: MENDED, '/system/oem/50_x.yaml': text });
const [OURS] = reclaimBeforeStart({ dataDirs: [DEFAULT_DATA_DIR] }, profile).steps;
const ours = OURS?.kind === 'file' ? OURS.content : '';

/** What is done and what is said of it; the second pair where elemental 2 differs. */
const CASES: readonly (readonly [string, Files, string, string?])[] = [
  ['no file', {}, 'stay absent'],
  ['command:, as shipped', own(SHIPPED), 'stay broken'],
  ['commands:, as mended', own(MENDED), 'go ok'],
  ['our own stage', { [OWN]: SHIPPED, [OEM_PATH]: ours }, 'go ok'],
  ['a mended copy in /oem', { [OWN]: SHIPPED, '/oem/x.yml': MENDED }, 'go ok'],
  ['a copy in /usr/local', { '/usr/local/cloud-config/x.yaml': MENDED }, 'go ok'],
  ['an empty file of the same name', { [OWN]: MENDED, '/oem/99_cni_reset.yaml': 'stages: {}\n' }, 'go ok'],
  ['both keys', own(initramfs(`command:\n- ls\n${cleans()}`)), 'go ok'],
  ['Commands:', own(initramfs(cleans().replace('c', 'C'))), 'stay absent'],
  ['commands: with a text', own(initramfs(`commands: ${RM}`)), 'stay unreadable'],
  ['an item that is a map', own(initramfs(`commands:\n- echo a: b; ${RM}`)), 'stay unreadable'],
  ['numbers and nothing among them', own(initramfs(`commands:\n-\n- 1\n- ${RM}`)), 'go ok'],
  ['an alias', own(`x: &c\n  - ${RM}\n${initramfs('commands: *c')}`), 'go ok'],
  ['a merge', own(`x: &c\n  commands: ["${RM}"]\n${initramfs('<<: *c')}`), 'go ok'],

  ['steps that fail before', own(initramfs('commands: ["false", exit 1]', cleans())), 'go ok'],
  ['two steps of one name', own(initramfs('name: a\ncommands: [ls]', cleans('name: a\n'))), 'go ok'],
  ['if: false', own(initramfs(cleans('if: "false"\n'))), 'stay unknown'],
  ['if: true', own(initramfs(cleans('if: "true"\n'))), 'go unknown'],
  ['an empty if:', own(initramfs(cleans('if: ""\n'))), 'go ok'],
  ['node: of another name', own(initramfs(cleans('node: nosuch\n'))), 'stay unknown'],
  ['only_os:, which is no condition here', own(initramfs(cleans('only_os: nosuch\nonly_arch: none\n'))), 'go ok'],
  ['if_files:, likewise', own(initramfs(cleans('if_files:\n  any: [/nosuch]\n'))), 'go ok'],

  ['stage initramfs.before', own(stages('initramfs.before', cleans())), 'go ok'],
  ['stage fs.after', own(stages('fs.after', cleans())), 'go ok'],
  ['stage boot, beside the runtime', own(stages('boot', cleans())), 'stay late'],
  ['stage rootfs, on another root', own(stages('rootfs', cleans())), 'stay late'],
  ['a stage mistyped', own(stages('initramsf', cleans())), 'stay late'],
  ['runcmd of a cloud-config', own(`#cloud-config\nruncmd:\n  - ${RM}\n`), 'stay absent'],
  ['stages in a cloud-config', own(`#cloud-config\n${MENDED}`), 'go ok'],
  [
    'a stage that is a map',
    own(`stages:\n  initramfs:\n    ${cleans().replaceAll('\n', '\n    ')}\n`),
    'stay unreadable',
  ],
  ['no stages:', own(`initramfs:\n  - commands: ["${RM}"]\n`), 'stay absent'],
  ['another ending', { '/system/oem/99.yaml.bak': MENDED }, 'stay absent'],

  ['a file beside it that is no YAML', beside('a: [1\n'), 'stay unreadable', 'go unknown'],
  [
    'a mode in quotes beside it',
    beside(stages('boot', 'files:\n- path: /x\n  permissions: "0644"')),
    'stay unreadable',
    'go unknown',
  ],
  ['a mode as a number', beside(stages('boot', 'files:\n- path: /x\n  permissions: 0644')), 'go ok'],
  ['an owner by name', beside(stages('boot', 'files:\n- path: /x\n  owner: root')), 'stay unreadable', 'go unknown'],
  ['a map for a list', beside(stages('boot', 'files: {path: /x}')), 'stay unreadable', 'go unknown'],
  ['a list for a map', beside(stages('boot', 'sysctl: [a]')), 'stay unreadable', 'go unknown'],
  ['a list for a text', beside(stages('boot', 'hostname: [a]')), 'stay unreadable', 'go unknown'],
  ['a text for the whole', beside('hello\n'), 'stay unreadable', 'go unknown'],
  ['wrong types under unknown keys', beside(stages('boot', 'foo: [{x: y}]\nonly_os: [a]')), 'go ok'],
  ['a wrong type in a cloud-config', beside('#cloud-config\nstages: [1]\n'), 'go ok'],
  ['an empty file beside it', beside(''), 'go ok'],
  ['numbers for texts', beside(stages('boot', 'hostname: 1\nsysctl: {a: 1, b:, c: true}')), 'go ok'],
  ['a broken file elsewhere', { [OWN]: MENDED, '/oem/x.yaml': 'a: [1\n' }, 'go ok'],
  [
    'a broken file beside ours',
    { [OWN]: SHIPPED, [OEM_PATH]: ours, '/oem/x.yaml': 'a: [1\n' },
    'stay unreadable',
    'go unknown',
  ],

  ['a second document', own(`${MENDED}---\na: [1\n`), 'go ok'],
  ['in a second document', own(`stages: {}\n---\n${MENDED}`), 'stay absent'],
  ['a key twice, the last cleans', own(initramfs(`commands: [ls]\n${cleans()}`)), 'go unknown', 'stay unknown'],
  ['a key twice, the first cleans', own(initramfs(`${cleans()}\ncommands: [ls]`)), 'stay unknown'],
  ['a byte order mark and CR LF', own(`\ufeff${MENDED.replaceAll('\n', '\r\n')}`), 'go ok'],

  ['after: a step that is not there', own(initramfs(cleans('after:\n- name: nosuch\n'))), 'stay unknown'],
  ['such a step beside it', beside(initramfs('after: [{name: nosuch}]\ncommands: [ls]')), 'stay unknown'],
  [
    'such a step in a part before',
    { [OWN]: MENDED, '/oem/x.yaml': stages('initramfs.before', 'after: [{name: no}]') },
    'stay unknown',
  ],
  ['such a step in a directory behind', { [OWN]: MENDED, '/oem/x.yaml': initramfs('after: [{name: no}]') }, 'go ok'],
  [
    'such a step in the unit before',
    { '/oem/x.yaml': initramfs('after: [{name: no}]'), [OWN]: stages('fs', cleans()) },
    'go ok',
  ],
  [
    'after: a step that is there',
    own(initramfs('name: a\ncommands: [ls]', cleans(`after: [{name: ${OWN}.a}]\n`))),
    'go unknown',
  ],

  ['rm without -r on the directory', own(initramfs(`commands: ["rm -f ${NETWORK}"]`)), 'stay unknown'],
  ['rm of all in it', own(initramfs(`commands: ["rm -f ${NETWORK}/*"]`)), 'go ok'],
  ['rm of what is above', own(initramfs('commands: [rm -rf /var/lib/cni]')), 'go ok'],
  ['rm with its trouble hidden', own(initramfs(`commands: ["${RM} 2>/dev/null || true"]`)), 'go ok'],
  ['rm in several lines', own(initramfs(`commands:\n- |\n  echo hello\n  ${RM}`)), 'go ok'],
  ['rm after a test', own(initramfs(`commands: ["test -d ${NETWORK} && ${RM}"]`)), 'go unknown'],
  ['rm after an exit', own(initramfs(`commands: ["exit 0; ${RM}"]`)), 'stay unknown'],
  ['rm that asks', own(initramfs(`commands: ["rm -ri ${NETWORK}"]`)), 'stay unknown'],
  ['rm of another network', own(initramfs(`commands: ["rm -rf ${DEFAULT_DATA_DIR}/cbr0"]`)), 'stay unknown'],
  ['rm in a comment', own(initramfs(`commands: ["# ${RM}"]`)), 'stay absent'],
  ['rm that is printed', own(initramfs(`commands: ["echo ${RM}"]`)), 'stay unknown'],
  ['a template', own(initramfs(`commands: ["${RM}/{{ .Values.node.hostname }}"]`)), 'stay unknown'],
];

// Go, the modules and the build, where the cache holds none of it yet.
beforeAll(async () => {
  for (const generation of GENERATIONS) await yip(generation);
}, 1_200_000);

describe.each(GENERATIONS)('what is said comes true under the real yip of %s', (generation) => {
  const cases = CASES.map(([name, files, first, second = first]) => {
    return { name, files, told: generation === 'elemental-1' ? first : second };
  });
  it.each(cases)('$name', async ({ files, told }) => {
    expect(`${await leftBy(generation, files)} ${judged(generation, files)}`).toBe(told);
  });

  it('for any three files: never content where leases stay, nor discontent where they go', async () => {
    const step = fc.constantFrom(
      ...[`commands: ["${RM}"]`, `command: ["${RM}"]`, `commands: ${RM}`, 'commands: [ls]', 'hostname: [a]'],
      ...[`if: "false", commands: ["${RM}"]`, `if: "", commands: ["rm -f ${NETWORK}/*"]`],
      ...[`node: nosuch, commands: ["${RM}"]`, `only_os: nosuch, commands: ["${RM}"]`],
      ...[`after: [{name: nosuch}], command: [ls]`, `after: [], commands: ["${RM}"]`],
    );
    const stage = fc.constantFrom(...['initramfs', 'initramfs', 'initramfs.before', 'fs', 'boot', 'initrd']);
    const text = fc.tuple(stage, fc.array(step, { minLength: 1, maxLength: 2 })).map(([name, steps]) => {
      return `stages:\n  ${name}: [${steps.map((body) => `{${body}}`).join(', ')}]\n`;
    });
    const place = fc.constantFrom(OWN, '/system/oem/50_x.yaml', '/oem/90_custom.yaml', '/oem/99_x.yml');
    const node = fc.dictionary(place, text, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(node, async (files) => {
        const said = judged(generation, files);
        fc.pre(said !== 'unknown');
        expect(await leftBy(generation, files)).toBe(said === 'ok' ? 'go' : 'stay');
      }),
      { numRuns: 40 },
    );
  });
});
