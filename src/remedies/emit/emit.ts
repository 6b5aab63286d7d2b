import type { Profile } from '../../profiles/profile.ts';
import type { Remedy } from '../remedy.ts';
import { emitAnsible } from './ansible.ts';
import { emitCloudConfig, emitStages } from './cloud-init.ts';
import { emitScript } from './script.ts';

export type Form = 'script' | 'cloud-init' | 'ansible';

/**
 * A plan in a form for somebody else to carry out: a POSIX shell script, cloud-init (the stages of yip on image-based
 * systems, `#cloud-config` elsewhere), or an Ansible playbook. Each can be carried out again and then changes nothing.
 */
export function emitPlan(form: Form, plan: readonly Remedy[], persistence: Profile['persistence']): string {
  switch (form) {
    case 'script':
      return emitScript(plan);
    case 'cloud-init':
      return persistence === 'oem' ? emitStages(plan) : emitCloudConfig(plan);
    case 'ansible':
      return emitAnsible(plan);
  }
}
