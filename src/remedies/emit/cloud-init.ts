import { Document, parse } from 'yaml';
import type { Remedy } from '../remedy.ts';
import type { Step } from '../step.ts';
import { releaseWords } from './release.ts';

type FileStep = Extract<Step, { kind: 'file' }>;

function filesOf(plan: readonly Remedy[]): FileStep[] {
  return plan.flatMap(({ steps }) => steps).filter((step) => step.kind === 'file');
}

/**
 * A plan as `#cloud-config`: files by `write_files`, which comes before `runcmd`, and the rest by `runcmd` in the plan's
 * order. Every command is a list of words: no shell reads a name.
 */
export function emitCloudConfig(plan: readonly Remedy[]): string {
  const files = filesOf(plan).map(({ path, content, mode }) => ({
    path,
    owner: 'root:root',
    permissions: mode.toString(8).padStart(4, '0'),
    content,
  }));
  const commands = plan.flatMap(({ steps }) => steps).flatMap((step) => (step.kind === 'file' ? [] : [wordsFor(step)]));
  const document = {
    ...(files.length > 0 && { write_files: files }),
    ...(commands.length > 0 && { runcmd: commands }),
  };
  return `#cloud-config\n# A plan of hayward.\n${new Document(document).toString({ lineWidth: 0 })}`;
}

/** Running a step, as words. */
function wordsFor(step: Exclude<Step, FileStep>): string[] {
  switch (step.kind) {
    case 'setting':
      return ['sh', '-c', 'printf "%s\\n" "$2" >"/proc/sys/$1"', 'sh', step.key, step.value];
    case 'bridge-setting':
      return ['ip', 'link', 'set', 'dev', step.bridge, 'type', 'bridge', step.name, step.value];
    case 'module':
      return ['modprobe', '--', step.name];
    case 'reload':
      return step.what === 'systemd' ? ['systemctl', 'daemon-reload'] : ['udevadm', 'control', '--reload'];
    case 'enable-unit':
      return ['systemctl', 'enable', '--', step.unit];
    case 'release-lease':
      return releaseWords(step);
  }
}

/**
 * A plan as yip stages, for /oem or Harvester's CloudInit resource, whose files are run at every boot. Only what makes the
 * plan last is in it: setting the values themselves at boot may be too early there (bridged frames have to be
 * filtered until RKE2's first launch). Plans for such systems carry their own stages; other files are added.
 */
export function emitStages(plan: readonly Remedy[]): string {
  const files = filesOf(plan.filter(({ scope }) => scope === 'persist'));
  const own = files.filter(({ path }) => path.startsWith('/oem/')).flatMap(({ content }) => stagesIn(content));
  const rest = files.filter(({ path }) => !path.startsWith('/oem/'));
  const written = rest.map(({ path, content, mode }) => ({ path, permissions: mode, owner: 0, group: 0, content }));
  const initramfs = [...own, ...(written.length > 0 ? [{ name: 'Files of the plan', files: written }] : [])];
  const document = new Document({ name: 'A plan of hayward', stages: { initramfs } });
  return `# For /oem/99_hayward.yaml or a CloudInit resource of Harvester: run at every boot.\n${document.toString({ lineWidth: 0 })}`;
}

function stagesIn(content: string): unknown[] {
  const document = parse(content) as { stages: { initramfs: unknown[] } };
  return document.stages.initramfs;
}
