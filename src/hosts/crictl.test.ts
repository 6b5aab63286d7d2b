import fc from 'fast-check';
import { expect, it } from 'vitest';
import { crictlAnswer } from './crictl.ts';

/** As crictl 1.30 prints them. */
const PODS = `{
  "items": [
    {
      "id": "aa",
      "metadata": {
        "name": "web",
        "uid": "u",
        "namespace": "default",
        "attempt": 0
      },
      "state": "SANDBOX_READY",
      "createdAt": "1795271700885281792"
    },
    {
      "id": "bb",
      "metadata": null,
      "state": "SANDBOX_NOTREADY",
      "createdAt": "1"
    }
  ]
}`;
const inspected = (id: string, ip: string, network = 'POD') => `{
  "status": {
    "id": "${id}",
    "network": {
      "additionalIps": [
        {
          "ip": "fd00::7"
        }
      ],
      "ip": "${ip}"
    },
    "linux": {
      "namespaces": {
        "options": {
          "network": "${network}"
        }
      }
    }
  }
}
`;

function answer(text: string) {
  const entry = crictlAnswer({ state: 'ok', text });
  return entry.state === 'ok' ? entry.text : entry;
}

it('is the list with the socket, and the network of those that were asked for it', () => {
  const text = `socket /run/c.sock\n${PODS}\ninspected\n${inspected('aa', '10.52.0.7')}${inspected('cc', '', 'NODE')}`;
  const { items } = JSON.parse(PODS) as { items: object[] };
  const network = { ips: ['10.52.0.7', 'fd00::7'], hostNetwork: false };
  expect(JSON.parse(String(answer(text)))).toEqual({
    socket: '/run/c.sock',
    items: [{ ...items[0], network }, items[1]],
  });
});

it.each([
  ['one object', (text: string) => text],
  ['a list of them', (text: string) => `[${text}]`],
])('is read from %s', (_, form) => {
  const text = `socket /s\n${PODS}\ninspected\n${form(inspected('aa', '10.52.0.7', 'NODE'))}`;
  const hosts = { ips: ['10.52.0.7', 'fd00::7'], hostNetwork: true };
  expect(JSON.parse(String(answer(text)))).toMatchObject({ items: [{ network: hosts }, {}] });
});

it.each(['', '{"status": {"id": "aa"', 'time="…" level=fatal msg="no"'])(
  'lists sandboxes without their network where the rest is %j',
  (rest) => {
    const parsed = JSON.parse(String(answer(`socket /s\n${PODS}\ninspected\n${rest}`))) as object;
    expect(parsed).toEqual({ socket: '/s', ...(JSON.parse(PODS) as object) });
  },
);

it('hands on what is none of it, and every failure', () => {
  fc.assert(fc.property(fc.string(), (text) => answer(text) === text));
  for (const text of [PODS, `socket /s\nnot JSON\ninspected\n`, 'socket /s\n{}\ninspected\n']) {
    expect(answer(text)).toBe(text);
  }
  const failure = { state: 'failed', detail: 'connection refused' } as const;
  expect(crictlAnswer(failure)).toBe(failure);
});
