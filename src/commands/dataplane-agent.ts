import type { Command } from 'commander';
import type { Say } from './help-language.ts';
import { UsageError } from './usage.ts';

/** `hayward dataplane-agent`: what `hayward dataplane` runs in its Pods. Nobody types it. */
export function register(program: Command, say: Say): void {
  const agent = program
    .command('dataplane-agent', { hidden: true })
    .description(
      say({ en: 'What hayward dataplane runs in its Pods.', 'zh-CN': 'hayward dataplane 在其 Pod 中运行的程序。' }),
    );
  agent
    .command('echo')
    .description(say({ en: 'answer with what is sent', 'zh-CN': '回送收到的内容' }))
    .requiredOption('--port <port>', say({ en: 'of TCP and UDP', 'zh-CN': 'TCP 与 UDP 端口' }))
    .action(async ({ port }: { port: string }) => {
      const { echo } = await import('../dataplane/agent/echo.ts');
      endOnSignal();
      await echo(whole('--port', port, 65_535));
    });
  agent
    .command('ask')
    .description(say({ en: 'ask what standard input lists', 'zh-CN': '按标准输入中的清单发起探测' }))
    .action(async () => {
      const { answerQuestions } = await import('../dataplane/agent/agent.ts');
      await answerQuestions(process.stdin, (line) => void process.stdout.write(line));
      process.stdin.destroy();
    });
  agent
    .command('wait')
    .description(say({ en: 'wait so many seconds', 'zh-CN': '等待若干秒' }))
    .argument('<seconds>')
    .action(async (seconds: string) => {
      const { setTimeout: wait } = await import('node:timers/promises');
      endOnSignal();
      await wait(whole('seconds', seconds, 2_000_000) * 1000);
    });
  agent
    .command('take-down')
    .description(say({ en: 'delete what a run left behind', 'zh-CN': '删除某次运行遗留的对象' }))
    .argument('<namespace>')
    .option('--kubeconfig <file>')
    .action(async (namespace: string, { kubeconfig }: { kubeconfig?: string }) => {
      if (!/^hayward-dataplane-[0-9a-f]+$/.test(namespace)) throw new UsageError(`${namespace}: no run of hayward's`);
      await takeDownFlow(namespace, kubeconfig);
    });
}

/** For how long the API server is asked again, where it is away just then; after that the run's own time to live is left. */
const PATIENCE_MS = 600_000;
/** Of a second look, where it is away only then. */
const SECOND_PATIENCE_MS = 60_000;
/** Longer than a request that was sent is usually on its way: webhooks answer in 10 s unless told otherwise. */
const PAUSE_MS = 10_000;

async function takeDownFlow(namespace: string, kubeconfig: string | undefined): Promise<void> {
  const { setTimeout: wait } = await import('node:timers/promises');
  const { kubeConnection } = await import('./kube-connection.ts');
  const { takeDownTwice } = await import('../dataplane/kubernetes/take-down.ts');
  const client = await kubeConnection(kubeconfig, true);
  let deadline = performance.now() + PATIENCE_MS;
  let isSecond = false;
  try {
    const isGone = await takeDownTwice(client, namespace, {
      pause: () => wait(PAUSE_MS),
      mayGoOn(wasAccepted) {
        if (wasAccepted && !isSecond) deadline = performance.now() + SECOND_PATIENCE_MS;
        isSecond = wasAccepted;
        return performance.now() < deadline;
      },
    });
    process.exitCode = isGone ? 0 : 1;
  } finally {
    client.close();
  }
}

/** The first process of a container ignores signals it has no handler for (pid_namespaces(7)). */
function endOnSignal(): void {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
}

function whole(name: string, value: string, most: number): number {
  const number = /^\d{1,7}$/.test(value) ? Number(value) : 0;
  if (number >= 1 && number <= most) return number;
  throw new UsageError(`${name} ${value}: expected a whole number from 1 to ${most}`);
}
