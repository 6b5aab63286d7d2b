import { describe, expect, test } from 'vitest';
import { FAULTS } from './faults.ts';
import { probeArgv } from './lab.ts';
import { upScript } from './script.ts';
import { TOPOLOGIES } from './topologies/catalogue.ts';
import type { Topology } from './topology.ts';

describe.each(Object.entries<Topology>(TOPOLOGIES))('%s', (name, topology) => {
  const nodes = topology.nodes.map((node) => node.name);

  test('is listed under its own name and drawn for 80 columns of plain ASCII', () => {
    expect(topology.name).toBe(name);
    for (const line of topology.drawing.split('\n')) expect(line).toMatch(/^[ -~]{0,79}$/);
  });

  test('speaks of its own nodes only, each link named once and as the kernel allows', () => {
    const ends = topology.cables.flat();
    const speaks = [...ends, ...(topology.bridges ?? [])].map((one) => one.node);
    expect(nodes).toEqual(expect.arrayContaining([...speaks, ...topology.probes.map((probe) => probe.from)]));
    const links = ends.map(({ node, link }) => `${node} ${link}`);
    expect(new Set(links).size).toBe(links.length);
    for (const { link } of ends) expect(link.length).toBeLessThanOrEqual(15);
  });

  test('a node that is the machine itself keeps its own settings and gets no namespace', () => {
    const [first] = topology.nodes;
    const script = upScript(topology, { namespaceOf: (node) => (node === first.name ? undefined : `x-${node}`) });
    expect(script).not.toContain(`x-${first.name}\n`);
    expect(script.match(/^netns add /gm)).toHaveLength(nodes.length - 1);
    expect(script.split('\n').filter((line) => line === `echo 1 > /proc/sys/net/ipv4/ip_forward`)).toHaveLength(
      topology.nodes.filter((node) => node !== first && node.settings?.['net/ipv4/ip_forward'] === '1').length,
    );
  });
});

test('faults have names of their own and lose what their topology probes', () => {
  expect(new Set(FAULTS.map((fault) => fault.id)).size).toBe(FAULTS.length);
  for (const fault of FAULTS) expect(TOPOLOGIES[fault.topology].probes).toContainEqual(fault.loses);
});

test('a probe is one command line, its addresses arguments and never text of a script', () => {
  expect(probeArgv({ from: 'a', to: '10.0.0.1' }).at(-1)).toBe('10.0.0.1');
  expect(probeArgv({ from: 'a', to: '10.0.0.1', port: 80 }).slice(-2)).toEqual(['10.0.0.1', '80']);
});
