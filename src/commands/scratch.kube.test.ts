import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { it } from 'vitest';
import { cluster } from '../../lab/cluster/cluster.ts';

it('stands', async () => {
  const lab = await cluster({ nodes: 3 });
  writeFileSync(
    '/tmp/hwk/env',
    `export KUBECONFIG=${lab.server.admin.kubeconfig}\n${lab.nodes.map(({ name, pid }) => `${name.replace('-', '')}=${pid}`).join('\n')}\n`,
  );
  while (!existsSync('/tmp/hwk/stop')) await wait(500);
  await lab.dispose();
}, 4_000_000);
