import { expect, it } from 'vitest';
import { nodeNamed } from './dataplane-hosts.ts';

it('is the node of its own name, or of the one it was reached by', () => {
  expect(nodeNamed(['node-1', 'node-2'], ['node-2', ''])).toBe('node-2');
  expect(nodeNamed(['node-1', 'node-2'], ['bastion', 'root@node-1:2222'])).toBe('node-1');
  expect(nodeNamed(['node-1', 'node-2'], ['node-3', '10.0.0.3'])).toBeUndefined();
});

it('is the same with or without a domain, where no other node is called so', () => {
  expect(nodeNamed(['node-1.site-a', 'node-2.site-a'], ['node-2', ''])).toBe('node-2.site-a');
  expect(nodeNamed(['node-1', 'node-2'], ['node-1.site-a', ''])).toBe('node-1');
  expect(nodeNamed(['node-1.site-a', 'node-1.site-b'], ['node-1', ''])).toBeUndefined();
  expect(nodeNamed(['node-1.site-a', 'node-1.site-b'], ['node-1', 'root@node-1.site-b'])).toBe('node-1.site-b');
});

it('is no neighbour, where nodes are called by their addresses', () => {
  expect(nodeNamed(['10.0.0.2', '10.0.0.3'], ['host-1', 'root@10.0.0.1'])).toBeUndefined();
  expect(nodeNamed(['10.0.0.2'], ['10', ''])).toBeUndefined();
});
