import { type Holding, holdUnknown } from '../judging/demand.ts';
import type { Judgement, Severity } from '../judging/finding.ts';
import { defineProblem } from '../judging/problem.ts';
import type { WantedModule } from '../profiles/profile.ts';
import { durable } from '../remedies/persist/durable.ts';
import { PERSIST_NEEDS } from '../remedies/persist/wanted.ts';
import type { KernelModules, ModuleState } from '../snapshot/modules.ts';

interface Facts {
  readonly module: string;
  readonly state: Extract<ModuleState, 'loadable' | 'absent'>;
  readonly reason: WantedModule['reason'];
}

/**
 * A node needs its modules in memory. A machine that is none yet is a candidate: what an installer can load is in
 * order, and what the kernel does not have is worth knowing, not an alarm.
 */
function judgeModule(modules: KernelModules, wanted: WantedModule, isNode: boolean): Judgement<Facts> {
  const state = modules.state(wanted.name);
  const subject = wanted.name;
  if (!state.known) {
    return { status: 'unknown', subject, severity: 'info', unknown: state, evidence: [] };
  }
  const evidence = [{ source: state.source, value: state.value, wanted: 'loaded' }];
  const ready = state.value === 'loaded' || state.value === 'built-in';
  if (ready || (!isNode && state.value === 'loadable')) return { status: 'ok', subject, evidence };
  return {
    status: 'problem',
    subject,
    severity: severityOf(state.value, isNode),
    facts: { module: wanted.name, state: state.value, reason: wanted.reason },
    evidence,
  };
}

function severityOf(state: ModuleState, isNode: boolean): Severity {
  if (!isNode) return 'info';
  return state === 'absent' ? 'critical' : 'warning';
}

/** What is part of the kernel image cannot be taken out, and what is not on disk cannot be loaded. */
function holdModule(modules: KernelModules, { name, reason }: WantedModule): readonly Holding[] {
  const state = modules.state(name);
  if (!state.known) return [holdUnknown(`module ${name}`, 'info', state)];
  const loads = state.value === 'loaded' || state.value === 'loadable';
  return loads ? [{ status: 'held', demand: { kind: 'module', name, reason } }] : [];
}

/** A module the profile wants is neither in memory nor in the kernel image. */
export const kernelModules = defineProblem({
  id: 'kernel-modules',
  title: { en: 'Kernel modules the cluster needs', 'zh-CN': '集群所需的内核模块' },
  needs: ['modules', ...PERSIST_NEEDS],
  check({ modules }, profile): readonly Judgement<Facts>[] {
    if (profile.modules.length === 0) {
      return [{ status: 'not-applicable', subject: '', evidence: [], why: `profile ${profile.name} wants no module` }];
    }
    return profile.modules.map((wanted) => judgeModule(modules, wanted, profile.kubernetes));
  },
  explain({ module, state, reason }) {
    const absent = state === 'absent';
    return {
      title: {
        en: absent ? `Kernel module ${module} does not exist here` : `Kernel module ${module} is not loaded`,
        'zh-CN': absent ? `本机没有内核模块 ${module}` : `内核模块 ${module} 未加载`,
      },
      cause: {
        en: absent
          ? `Neither the running kernel nor /lib/modules has ${module}: the kernel's modules package is missing or belongs to another version.`
          : `${module} is on disk, but nothing loaded it since boot.`,
        'zh-CN': absent
          ? `运行中的内核和 /lib/modules 里都没有 ${module}：内核模块包缺失，或与当前内核版本不符。`
          : `${module} 在磁盘上，但启动后没有任何程序加载它。`,
      },
      impact: reason,
    };
  },
  prove: ({ module }) => `grep -w ^${module} /proc/modules; modinfo -n ${module}`,
  remedies({ module, state }, parts, profile) {
    if (state === 'absent') return [];
    return [
      {
        id: 'load',
        summary: { en: `Load ${module}`, 'zh-CN': `加载 ${module}` },
        risk: 'low',
        scope: 'now',
        steps: [{ kind: 'module', name: module }],
      },
      ...durable({ settings: [], modules: [module] }, 'kernel-modules', profile, parts),
    ];
  },
  /** A candidate for a node loads its modules when it becomes one. */
  holds({ modules }, { kubernetes, modules: wanted }) {
    return kubernetes ? wanted.flatMap((one) => holdModule(modules, one)) : [];
  },
});
