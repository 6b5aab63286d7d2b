import { sourceOf } from '../../hosts/ask.ts';
import type { Words } from '../../judging/problem.ts';
import type { Bilingual } from '../../lang.ts';
import { moduleBehind } from '../../persistence/kernel-defaults.ts';
import { sysctlName } from '../../snapshot/sysctl-name.ts';
import type { Loss, LossSeen } from './outlook.ts';

export interface PersistFacts extends LossSeen {
  readonly key: string;
  /** The value that has to stay. */
  readonly value: string;
  /** What it breaks, from the profile's reason; undefined: only somebody's own file asked for it. */
  readonly reason: Bilingual | undefined;
}

const SETTINGS_PLACES = [
  '/etc/sysctl.conf',
  '/etc/sysctl.d',
  '/run/sysctl.d',
  '/usr/local/lib/sysctl.d',
  '/usr/lib/sysctl.d',
];
const MODULES_PLACES = ['/etc/modules', '/etc/modules-load.d', '/usr/lib/modules-load.d', '/etc/udev/rules.d'];

export function explainLoss(facts: PersistFacts): Words {
  const { key, value, loss } = facts;
  const name = sysctlName(key);
  const after: Bilingual =
    loss.how === 'service' && loss.when === 'restart'
      ? { en: `the next start of ${loss.unit}`, 'zh-CN': `${loss.unit} 下次启动` }
      : { en: 'the next boot', 'zh-CN': '下次开机' };
  const ends = facts.ends ?? undefined;
  return {
    title: {
      en: `${name} is ${value} now but ${ends === undefined ? 'not' : ends} after ${after.en}`,
      'zh-CN': `${name} 当前为 ${value}，但${after['zh-CN']}后${ends === undefined ? '不再保持' : `会变成 ${ends}`}`,
    },
    cause: causeOf(loss, name, value),
    impact: facts.reason ?? {
      en: `What was set up with ${name} = ${value} works until then and fails afterwards: “it worked before the reboot”.`,
      'zh-CN': `依赖 ${name} = ${value} 的功能目前正常，之后就会失效，表现为“重启之前还是好的”。`,
    },
  };
}

function causeOf(loss: Loss, name: string, value: string): Bilingual {
  switch (loss.how) {
    case 'file':
      return {
        en: `${loss.place.file}:${loss.place.line} (${loss.place.text}) has the last word when systemd-sysctl runs at boot.`,
        'zh-CN': `开机时 systemd-sysctl 以 ${loss.place.file}:${loss.place.line}（${loss.place.text}）的赋值为准。`,
      };
    case 'late-module':
      return {
        en: `${loss.place.file}:${loss.place.line} sets it, but systemd-sysctl runs before ${loss.module} is loaded: the key does not exist yet, the line is skipped, and the module brings its own default later.`,
        'zh-CN': `${loss.place.file}:${loss.place.line} 设置了该值，但 systemd-sysctl 运行时 ${loss.module} 尚未加载：键还不存在，这一行被跳过，之后模块加载时带来的是自己的默认值。`,
      };
    case 'forgotten':
      return {
        en: `It is set in ${loss.place.file}:${loss.place.line}, which the next boot does not read (on an image-based system /etc starts anew at every boot; /run is always empty; /etc/sysctl.conf counts only through a link in /etc/sysctl.d).`,
        'zh-CN': `它写在 ${loss.place.file}:${loss.place.line}，而下次开机不会读取该文件（镜像式系统的 /etc 每次开机都会重建；/run 开机即为空；/etc/sysctl.conf 只有经 /etc/sysctl.d 中的链接才会生效）。`,
      };
    case 'default':
      return {
        en: `No file and no service sets ${name} = ${value} at boot: it was set by hand, or by something that does not run again.`,
        'zh-CN': `没有任何文件或服务在开机时设置 ${name} = ${value}：当前值是手工写入的，或由不会再次运行的程序写入。`,
      };
    case 'service':
      return serviceCause(loss);
  }
}

function serviceCause({ unit, place }: Extract<Loss, { how: 'service' }>): Bilingual {
  if (place) {
    return {
      en: `${unit} sets it whenever it starts: ${place.file}:${place.line} (${place.text}).`,
      'zh-CN': `${unit} 每次启动都会改写它：${place.file}:${place.line}（${place.text}）。`,
    };
  }
  return {
    en: `${unit} itself writes it whenever it starts, and nothing sets it again once the service is ready.`,
    'zh-CN': `${unit} 自身每次启动都会写入该值，而服务就绪之后没有任何配置把它改回来。`,
  };
}

/** A command that shows the place the loss comes from; names from the node are quoted for the shell. */
export function proveLoss({ key, loss }: PersistFacts): string {
  const last = key.slice(key.lastIndexOf('/') + 1);
  const show = sourceOf(['sysctl', sysctlName(key)]);
  switch (loss.how) {
    case 'late-module':
      return `${sourceOf(['grep', '-rsn', '--', loss.module, ...MODULES_PLACES])}; ${show}`;
    case 'forgotten':
      return `${sourceOf(['findmnt', '-T', loss.place.file])}; ${sourceOf(['grep', '-rsn', '--', last, '/oem', ...SETTINGS_PLACES])}`;
    case 'service':
      return `${sourceOf(['systemctl', 'cat', loss.unit])} | grep -n sysctl; ${show}`;
    default:
      return `${sourceOf(['grep', '-rsn', '--', last, ...SETTINGS_PLACES])}; ${show}`;
  }
}

/** The module that has to be loaded early for the setting to be there at all. */
export function modulesFor(key: string): readonly string[] {
  const module = moduleBehind(key);
  return module === undefined ? [] : [module];
}
