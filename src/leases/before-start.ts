import { dirname } from 'node:path/posix';
import { Document } from 'yaml';
import type { Bilingual } from '../lang.ts';
import type { Profile } from '../profiles/profile.ts';
import { headerFor } from '../remedies/persist/naming.ts';
import { unitArgument } from '../remedies/persist/quoting.ts';
import type { Remedy } from '../remedies/remedy.ts';
import type { Step } from '../remedies/step.ts';
import { type BeforeStartOptions, beforeStartScript } from './before-start-script.ts';

/** The problem all these files are for, whichever finding asks for them. */
const PROBLEM = 'cni-lease-leak';
const SCRIPT = '/usr/local/lib/hayward/cni-lease-leak-before-start.sh';
const UNIT = 'hayward-cni-lease-leak.service';
/** The file's name, by which `cni-reset-ineffective` knows it again. */
export const OEM_PATH = '/oem/99_hayward_cni_lease_leak.yaml';

/** host-local's own default, and what every distribution hayward knows leaves it at. */
export const DEFAULT_DATA_DIR = '/var/lib/cni/networks';

/** Units that start a container runtime, or what keeps one running. */
const RUNTIMES = [
  'rke2-server.service',
  'rke2-agent.service',
  'k3s.service',
  'k3s-agent.service',
  'containerd.service',
  'crio.service',
  'cri-docker.service',
  'docker.service',
  'kubelet.service',
];

const SUMMARY: Bilingual = {
  en: 'At each boot give leaked addresses back before the container runtime starts',
  'zh-CN': '每次开机时，在容器运行时启动之前归还泄漏的地址',
};

/**
 * The remedy that gives leaked addresses back at each boot, before a Pod can live: a unit ordered before every runtime, or
 * on an image-based system a stage under /oem with the key that yip reads (`commands:`).
 */
export function reclaimBeforeStart(options: BeforeStartOptions, profile: Profile): Remedy {
  const steps = profile.persistence === 'oem' ? [oemStage(options)] : unitSteps(options);
  return { id: 'reclaim-before-start', summary: SUMMARY, risk: 'low', scope: 'persist', steps };
}

function unitSteps(options: BeforeStartOptions): readonly Step[] {
  const script = `#!/bin/sh\n${headerFor(PROBLEM, `Run by ${UNIT} before a container runtime starts; safe to run at any time.`)}${beforeStartScript(options)}`;
  return [
    { kind: 'file', path: SCRIPT, content: script, mode: 0o755 },
    { kind: 'file', path: `/etc/systemd/system/${UNIT}`, content: unitText(options), mode: 0o644 },
    { kind: 'reload', what: 'systemd' },
    { kind: 'enable-unit', unit: UNIT },
  ];
}

/** RemainAfterExit: it runs once a boot, not again when a runtime is restarted beside living Pods. */
function unitText({ dataDirs }: BeforeStartOptions): string {
  return `${headerFor(PROBLEM, `Runs ${SCRIPT} before a container runtime starts.`)}[Unit]
Description=Give back Pod addresses that an unclean shutdown left taken
RequiresMountsFor=${[...new Set(dataDirs.map(mountFor))].map(unitArgument).join(' ')}
Before=${RUNTIMES.join(' ')}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=-/bin/sh ${SCRIPT}

[Install]
WantedBy=multi-user.target
`;
}

/** The directory above the networks', which exists before host-local first ran. */
function mountFor(dataDir: string): string {
  return dirname(dataDir);
}

/**
 * Stage `initramfs`, as Harvester's own 99_cni_reset.yaml: it runs on the new root, the persistent directories mounted,
 * before systemd starts any service (elemental-setup-initramfs.service).
 */
function oemStage(options: BeforeStartOptions): Step {
  const document = new Document({
    name: `hayward: ${PROBLEM}`,
    stages: {
      initramfs: [
        { name: 'Give back Pod addresses that an unclean shutdown left taken', commands: [beforeStartScript(options)] },
      ],
    },
  });
  const why = 'At each boot, before a container runtime starts, it gives leaked Pod addresses back.';
  return {
    kind: 'file',
    path: OEM_PATH,
    content: headerFor(PROBLEM, why) + document.toString({ lineWidth: 0 }),
    mode: 0o644,
  };
}
