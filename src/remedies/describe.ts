import type { Lang } from '../lang.ts';
import type { Step } from './step.ts';

/** What a step will do, and what taking it back will do, each one line for a person. */
export interface StepWords {
  readonly does: string;
  readonly undo: string;
}

/**
 * Words for a step. Names from a node (bridges, keys) are in them as they are: whoever prints them makes them
 * harmless for a terminal.
 */
export function describeStep(step: Step, lang: Lang): StepWords {
  return lang === 'zh-CN' ? inChinese(step) : inEnglish(step);
}

const DAEMON = { systemd: 'systemctl daemon-reload', udev: 'udevadm control --reload' } as const;

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

type ReleaseLease = Extract<Step, { readonly kind: 'release-lease' }>;

function addressOf({ path }: ReleaseLease): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** As crictl shortens it; a lease that a power cut left empty names none. */
function shortId({ containerId }: ReleaseLease): string {
  return containerId.slice(0, 13) || '?';
}

function inEnglish(step: Step): StepWords {
  switch (step.kind) {
    case 'setting':
      return {
        does: `set /proc/sys/${step.key} to ${step.value}`,
        undo: 'write the former value back, and every value the kernel changed along with it',
      };
    case 'bridge-setting':
      return {
        does: `set ${step.name} of bridge ${step.bridge} to ${step.value}`,
        undo: `set ${step.name} of bridge ${step.bridge} back to its former value`,
      };
    case 'module':
      return {
        does: `load the kernel module ${step.name}`,
        undo: `unload ${step.name} if this run loaded it and nothing uses it`,
      };
    case 'file':
      return {
        does: `write ${step.path} (mode ${octal(step.mode)}, ${Buffer.byteLength(step.content)} bytes)`,
        undo: 'remove it, or put back what was there',
      };
    case 'reload':
      return { does: `run ${DAEMON[step.what]}`, undo: `run ${DAEMON[step.what]} again` };
    case 'enable-unit':
      return { does: `enable ${step.unit} from the next boot on`, undo: `disable ${step.unit}` };
    case 'release-lease':
      return {
        does: step.runtime
          ? `have the runtime stop the dead sandbox ${shortId(step)}, which gives ${addressOf(step)} back`
          : `give ${addressOf(step)} of the dead sandbox ${shortId(step)} back: remove ${step.path}`,
        undo: `put the lease ${step.path} back while the address is free`,
      };
  }
}

function inChinese(step: Step): StepWords {
  switch (step.kind) {
    case 'setting':
      return {
        does: `将 /proc/sys/${step.key} 设为 ${step.value}`,
        undo: '写回原值，并恢复内核随之改动的所有值',
      };
    case 'bridge-setting':
      return {
        does: `将网桥 ${step.bridge} 的 ${step.name} 设为 ${step.value}`,
        undo: `将网桥 ${step.bridge} 的 ${step.name} 恢复为原值`,
      };
    case 'module':
      return {
        does: `加载内核模块 ${step.name}`,
        undo: `若 ${step.name} 由本次运行加载且无人使用，则将其卸载`,
      };
    case 'file':
      return {
        does: `写入 ${step.path}（权限 ${octal(step.mode)}，${Buffer.byteLength(step.content)} 字节）`,
        undo: '删除该文件，或恢复其原有内容',
      };
    case 'reload':
      return { does: `执行 ${DAEMON[step.what]}`, undo: `再次执行 ${DAEMON[step.what]}` };
    case 'enable-unit':
      return { does: `设置 ${step.unit} 从下次启动起启用`, undo: `取消启用 ${step.unit}` };
    case 'release-lease':
      return {
        does: step.runtime
          ? `让容器运行时停止已失效的沙箱 ${shortId(step)}，由其归还 ${addressOf(step)}`
          : `归还已失效沙箱 ${shortId(step)} 占用的 ${addressOf(step)}：删除 ${step.path}`,
        undo: `在地址仍空闲时恢复租约 ${step.path}`,
      };
  }
}
