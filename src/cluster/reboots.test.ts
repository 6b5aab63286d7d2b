import { describe, expect, it } from 'vitest';
import { asNode, healthy, NOW, node, unanswered, unreadyNode } from '../../test/cluster.ts';
import { known, unknown } from '../hosts/reading.ts';
import { type ClusterAnswer, judgeCluster } from './judge.ts';
import { NO_MEMORY } from './memory.ts';
import type { NodeLook } from './model/nodes.ts';
import type { ClusterSnapshot } from './model.ts';

/** Looks at a cluster whose second node is as said, seconds apart from the first. */
function looks(...seen: readonly (readonly [number, Partial<NodeLook>])[]): ClusterAnswer[] {
  let memory = NO_MEMORY;
  return seen.map(([seconds, second]) => {
    const takenAt = new Date(Date.parse(NOW) + seconds * 1000).toISOString();
    const nodes = known([node('node-1'), node('node-2', second)], 'nodes');
    const answer = judgeCluster(
      healthy({ nodes, takenAt, serverClock: known(takenAt, 'Date') }),
      { lang: 'en' },
      memory,
    );
    memory = answer.memory;
    return answer;
  });
}

const of = (answers: readonly ClusterAnswer[], subject: string) =>
  answers.map(({ findings }) => findings.find((one) => one.problem === 'node-unready' && one.subject === subject));

const { conditions } = unreadyNode('node-2', 900);

it('a node that rebooted two minutes ago settles, however long it had been away', () => {
  const seen = of(
    looks([0, { conditions }], [60, { conditions, bootId: 'b' }], [180, { conditions, bootId: 'b' }]),
    'node-2',
  );
  expect(seen.map((one) => one?.phase)).toEqual(['definite', 'settling', 'settling']);
  expect(seen[2]).toMatchObject({ severity: 'info', cause: expect.stringContaining('It has rebooted') });
  const late = of(
    looks([0, { conditions }], [60, { conditions, bootId: 'b' }], [661, { conditions, bootId: 'b' }]),
    'node-2',
  );
  expect(late[2]).toMatchObject({ phase: 'definite', severity: 'warning' });
});

it('a node that reboots again and again is told of, with numbers, and given no more time', () => {
  const answers = looks([0, {}], [300, { bootId: 'b' }], [600, { bootId: 'c' }], [900, { bootId: 'd', conditions }]);
  expect(of(answers, 'node-2 reboots').map((one) => one?.status)).toEqual([undefined, undefined, undefined, 'problem']);
  expect(of(answers, 'node-2 reboots')[3]).toMatchObject({
    severity: 'warning',
    cause: expect.stringContaining('3 times in 10 min'),
  });
  expect(of(answers, 'node-2')[3]).toMatchObject({ phase: 'definite' });
  expect(answers[3]?.verdict).toBe('ready');
});

it('what is not seen, or says no boot id, is no reboot', () => {
  let { memory } = judgeCluster(healthy(), { lang: 'en' });
  const denied = unknown('denied', 'nodes', 'HTTP 403');
  for (const snapshot of [
    healthy({ nodes: denied }),
    healthy({ nodes: denied, ownNode: known(node('node-3', { bootId: '' }), 'node') }),
    healthy(),
  ]) {
    memory = judgeCluster(snapshot, { lang: 'en' }, memory).memory;
    expect(Object.values(memory.boots).flatMap(({ changes }) => changes)).toEqual([]);
  }
  expect(Object.keys(memory.boots)).toEqual(['node-1', 'node-2', 'node-3']);
});

describe('a cluster whose nodes have all rebooted', () => {
  const silent = known(unanswered('silent'), 'https://10.0.0.10/');
  const vipDown = { ...healthy().managementAddress, https: silent };
  const others = ['node-2', 'node-3'];

  /** Looks at a cluster without its management address, of which these nodes are in another boot at the second look. */
  function verdicts(
    who: (seen: ClusterSnapshot) => ClusterSnapshot,
    rebooted: readonly string[],
    ...seconds: number[]
  ) {
    let memory = NO_MEMORY;
    return [0, ...seconds].map((second) => {
      const takenAt = new Date(Date.parse(NOW) + second * 1000).toISOString();
      const boot = (name: string) => (second > 0 && rebooted.includes(name) ? { bootId: 'b' } : {});
      const nodes = known(
        ['node-1', ...others].map((name) => node(name, boot(name))),
        'nodes',
      );
      const serverClock = known(takenAt, 'Date');
      const snapshot = who(healthy({ nodes, takenAt, serverClock, managementAddress: vipDown }));
      const answer = judgeCluster(snapshot, { lang: 'en' }, memory);
      memory = answer.memory;
      return answer.verdict;
    });
  }
  const asAdmin = (seen: ClusterSnapshot) => seen;

  it('settles for ten minutes, to an administrator and to a node', () => {
    for (const who of [asAdmin, asNode]) {
      const seen = verdicts(who, ['node-1', ...others], 200, 400, 790, 801);
      expect(seen).toEqual(['settling', 'settling', 'settling', 'settling', 'not-ready']);
    }
  });

  it('does not where one of many has: that explains nothing', () => {
    expect(verdicts(asAdmin, ['node-1'], 200)).toEqual(['settling', 'not-ready']);
    expect(verdicts(asAdmin, others, 200)).toEqual(['settling', 'not-ready']);
    expect(verdicts(asNode, others, 200)).toEqual(['settling', 'not-ready']);
  });
});
