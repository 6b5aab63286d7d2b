import { Document, isScalar, visit } from 'yaml';
import { describeStep } from '../describe.ts';
import type { Remedy } from '../remedy.ts';
import type { Step } from '../step.ts';
import { releaseWords } from './release.ts';

/** Looks first; prints `changed` when it wrote, which is what Ansible is told to go by. */
const SETTING =
  '[ "$(tr "\\t" " " <"/proc/sys/$1")" = "$2" ] || { printf "%s\\n" "$2" >"/proc/sys/$1"; echo changed; }';
const BRIDGE =
  'ip -d link show dev "$1" | grep -q " $2 $3 " || { ip link set dev "$1" type bridge "$2" "$3"; echo changed; }';
const MODULE = '[ -d "/sys/module/$1" ] || grep -qs "^$1 " /proc/modules || { modprobe "$1"; echo changed; }';
const ENABLE = 'systemctl -q is-enabled "$1" 2>/dev/null || { systemctl enable "$1"; echo changed; }';
/** A plan as an Ansible playbook of built-in modules alone: nothing has to be installed beside ansible-core. */
export function emitAnsible(plan: readonly Remedy[]): string {
  const tasks = plan.flatMap(({ steps }) => steps).map(taskFor);
  const document = new Document([
    { name: 'A plan of hayward', hosts: 'all', become: true, gather_facts: false, tasks },
  ]);
  // Ansible takes {{ }} and {% %} anywhere for templates; names and files of a node hold no template.
  visit(document, {
    Scalar(_key, node) {
      if (isScalar(node) && typeof node.value === 'string' && /\{[{%#]/.test(node.value)) node.tag = '!unsafe';
    },
  });
  return `---\n${document.toString({ lineWidth: 0 })}`;
}

function taskFor(step: Step, index: number): object {
  const name = describeStep(step, 'en').does;
  switch (step.kind) {
    case 'setting':
      return shell(name, index, SETTING, [step.key, step.value]);
    case 'bridge-setting':
      return shell(name, index, BRIDGE, [step.bridge, step.name, step.value]);
    case 'module':
      return shell(name, index, MODULE, [step.name.replaceAll('-', '_')]);
    case 'enable-unit':
      return shell(name, index, ENABLE, [step.unit]);
    case 'release-lease':
      return command(name, index, releaseWords(step));
    case 'file':
      return fileTask(name, step);
    case 'reload':
      return {
        name,
        'ansible.builtin.command': {
          argv: step.what === 'systemd' ? ['systemctl', 'daemon-reload'] : ['udevadm', 'control', '--reload'],
        },
        changed_when: false,
      };
  }
}

function shell(name: string, index: number, script: string, words: readonly string[]): object {
  return command(name, index, ['sh', '-c', script, 'sh', ...words]);
}

function command(name: string, index: number, argv: readonly string[]): object {
  const result = `step_${index + 1}`;
  return {
    name,
    'ansible.builtin.command': { argv },
    register: result,
    changed_when: `'changed' in ${result}.stdout`,
  };
}

/** copy makes no directories; the script form's `mkdir -p` is a word of its own here. */
function fileTask(name: string, { path, content, mode }: Extract<Step, { kind: 'file' }>): object {
  const directory = path.slice(0, path.lastIndexOf('/'));
  return {
    name,
    block: [
      { name: `Make ${directory}`, 'ansible.builtin.file': { path: directory, state: 'directory' } },
      {
        name: `Write ${path}`,
        'ansible.builtin.copy': {
          dest: path,
          content,
          owner: 'root',
          group: 'root',
          mode: mode.toString(8).padStart(4, '0'),
        },
      },
    ],
  };
}
