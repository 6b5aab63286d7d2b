import { describe, expect, it } from 'vitest';
import { HAYWARD, SHELL } from './agent/dialects.ts';
import { parseAnswers, parseQuestions, questionText } from './agent/protocol.ts';
import { imageOnAll, repositoryOf } from './kubernetes/image.ts';
import { plannedFor } from './plan.ts';

const node = (number: number) => ({
  name: `node-${number}`,
  address: `10.0.0.${number}`,
  echo: `10.52.${number}.2`,
  service: { address: `10.53.0.${number}`, port: 7, nodePorts: { tcp: 30_000 + number, udp: 31_000 + number } },
  missing: '',
});
const ground = {
  nodes: [1, 2, 3].map(node),
  servers: [{ address: '10.53.0.10', backend: undefined, missing: '' }],
  echoPort: 7,
};

describe('what is asked', () => {
  it('reaches an agent as it was meant', () => {
    const questions = [
      { means: 'tcp', size: 'full', address: '10.0.0.1', port: 7 },
      { means: 'dns-udp', size: 'small', address: 'fd00::10', port: 53 },
    ] as const;
    const pace = { timeoutMs: 500, atOnce: 4 };
    expect(parseQuestions(questionText(questions, pace))).toEqual({ questions, pace });
  });

  it('holds addresses alone: an API server’s word never reaches a shell', () => {
    const question = { means: 'tcp', size: 'small', address: '$(reboot)', port: 7 } as const;
    expect(() => questionText([question], { timeoutMs: 1, atOnce: 1 })).toThrow('no address');
  });

  it('asks a NodePort for the Pod of its own node, and for one of another', () => {
    const ports = plannedFor('node-1', ground).filter(
      ({ kind, to, protocol, size }) =>
        kind === 'nodeport' && to === 'node-2' && protocol === 'tcp' && size === 'small',
    );
    expect(ports.map(({ backend, question }) => [backend, question])).toEqual([
      ['node-2', { means: 'tcp', size: 'small', address: '10.0.0.2', port: 30_002 }],
      ['node-3', { means: 'tcp', size: 'small', address: '10.0.0.2', port: 30_003 }],
    ]);
  });

  it('does not ask what did not come to be, and says why', () => {
    const gone = { ...node(2), echo: undefined, missing: 'its Pod does not run: ImagePullBackOff' };
    const asked = plannedFor('node-1', { ...ground, nodes: [node(1), gone] });
    const into = asked.filter(({ backend }) => backend === 'node-2');
    expect(new Set(into.map(({ question }) => JSON.stringify(question)))).toEqual(
      new Set(['{"kind":"unknown","reason":"failed","detail":"its Pod does not run: ImagePullBackOff"}']),
    );
  });
});

describe('what an agent says', () => {
  it('is read line by line, and nothing else of it', () => {
    const text =
      'mtu 1450\nanswered 0 1.5\nlost 1 no answer in 1 s\nunknown 2 no means\nanswered 9 1\nlost x\n\x1b[31mrm\ndone\n';
    expect(parseAnswers(text, 4)).toEqual({
      mtu: 1450,
      outcomes: [
        { kind: 'answered', ms: 1.5 },
        { kind: 'lost', error: 'no answer in 1 s' },
        { kind: 'unknown', reason: 'not-collected', detail: 'no means' },
        undefined,
      ],
    });
  });
});

describe('the image', () => {
  const BUSYBOX = 'docker.io/rancher/mirrored-library-busybox:1.37.0';

  it('is one that every node has, hayward’s own first', () => {
    const own = 'registry.local:5000/hayward:0.2.0';
    expect(
      imageOnAll([
        [BUSYBOX, own],
        [own, BUSYBOX],
      ]),
    ).toEqual({ image: own, dialect: HAYWARD, why: 'on-all-nodes' });
    expect(imageOnAll([[BUSYBOX, own], [BUSYBOX]])).toEqual({ image: BUSYBOX, dialect: SHELL, why: 'on-all-nodes' });
  });

  it('is none where the nodes have none in common that can do it', () => {
    const pause = 'docker.io/rancher/mirrored-pause:3.6';
    expect(imageOnAll([[BUSYBOX, pause], [pause]])).toBeUndefined();
  });

  it('is told by its repository: a port is no tag, and a likeness no match', () => {
    expect(repositoryOf('registry.local:5000/library/busybox@sha256:00')).toBe('registry.local:5000/library/busybox');
    expect(imageOnAll([['example.org/not-busybox:1', 'example.org/busybox/tool:1']])).toBeUndefined();
  });
});
