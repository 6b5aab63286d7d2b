import { harmless } from '../hosts/sanitise.ts';
import type { Bilingual } from '../lang.ts';
import type { Sandbox } from './model.ts';

/** The one-line reasons of a verdict, in both languages. Names come from the node and are made harmless here. */
export const why = {
  runs: (pod: Sandbox): Bilingual => ({
    en: `the runtime runs its Pod ${podName(pod)}`,
    'zh-CN': `运行时中其 Pod ${podName(pod)} 正在运行`,
  }),
  shim: (pid: number): Bilingual => ({
    en: `its sandbox's shim still runs (process ${pid}), though the runtime does not list it as ready`,
    'zh-CN': `其沙箱的 shim 进程（${pid}）仍在运行，尽管运行时未将其列为 ready`,
  }),
  used: (where: string): Bilingual => ({
    en: `the address is in use: ${harmless(where)}`,
    'zh-CN': `该地址正在被使用：${harmless(where)}`,
  }),
  gone: {
    en: 'the runtime does not know its sandbox, and nothing uses the address',
    'zh-CN': '运行时中没有它的沙箱，也没有任何地方在使用该地址',
  },
  dead: (pod: Sandbox): Bilingual => ({
    en: `its Pod's sandbox (${podName(pod)}) is dead and still listed: the runtime gives the address back when it stops it`,
    'zh-CN': `其 Pod 沙箱（${podName(pod)}）已死但仍在列表中：由运行时停止该沙箱即可归还地址`,
  }),
  empty: {
    en: 'the file is empty: cut short by a power cut, it names no sandbox that could ever give it back',
    'zh-CN': '文件为空：写入时断电，没有任何沙箱能再归还它',
  },
  notALease: {
    en: "its text is not what host-local writes: somebody else's, left alone",
    'zh-CN': '内容不是 host-local 写入的格式：属于他人，不予处理',
  },
  beforeBoot: {
    en: 'it was taken before the node last booted, and no sandbox outlives a boot',
    'zh-CN': '它是在本次启动之前分配的，而沙箱不会跨越重启存活',
  },
  young: (graceMs: number): Bilingual => ({
    en: `it was taken less than ${minutes(graceMs)} ago: a runtime lists a sandbox only when it is complete`,
    'zh-CN': `分配距今不足 ${minutes(graceMs)}：运行时要到沙箱创建完成才会列出它`,
  }),
  ageUntold: (graceMs: number): Bilingual => ({
    en: `its age cannot be told, for the clock was set since: it must be seen twice, ${minutes(graceMs)} apart`,
    'zh-CN': `时钟曾被调整，无法判断其存在多久：须相隔 ${minutes(graceMs)} 两次看到它`,
  }),
  changed: {
    en: 'it, or its sandbox, changed between two looks',
    'zh-CN': '两次查看之间，它或它的沙箱发生了变化',
  },
  unreadable: (detail: string): Bilingual => ({
    en: `not all of its directory could be read: ${harmless(detail)}`,
    'zh-CN': `其目录未能全部读取：${harmless(detail)}`,
  }),
  runtimeSilent: (detail: string): Bilingual => ({
    en: `the runtime could not be asked: ${harmless(detail)}`,
    'zh-CN': `无法查询容器运行时：${harmless(detail)}`,
  }),
  stoppedByHand: (shims: number): Bilingual => ({
    en: `the runtime is stopped while ${shims} of its sandboxes still run: deleting leases now would hand their addresses out twice`,
    'zh-CN': `运行时已停止，但仍有 ${shims} 个沙箱在运行：此时删除租约会导致地址被重复分配`,
  }),
  answersLess: (shims: number): Bilingual => ({
    en: `the runtime lists no sandbox while ${shims} shims run: it answers less than it should`,
    'zh-CN': `运行时未列出任何沙箱，却有 ${shims} 个 shim 在运行：它的回答不完整`,
  }),
  processesUnseen: (detail: string): Bilingual => ({
    en: `who else runs could not be seen: ${harmless(detail)}`,
    'zh-CN': `无法查看还有哪些进程在运行：${harmless(detail)}`,
  }),
  unmatched: (name: string): Bilingual => ({
    en: `network namespace ${harmless(name)} belongs to nobody known, and which address it uses cannot be told`,
    'zh-CN': `网络命名空间 ${harmless(name)} 不属于任何已知的沙箱，无法判断它使用哪个地址`,
  }),
} as const;

function podName({ namespace, name, id }: Sandbox): string {
  return harmless(name === '' ? id.slice(0, 13) : `${namespace}/${name}`);
}

export function minutes(ms: number): string {
  return ms >= 60_000 ? `${Math.round(ms / 6_000) / 10} min` : `${Math.round(ms / 100) / 10} s`;
}
