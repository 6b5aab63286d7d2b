import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { ipv4Number, parseAddress } from './address.ts';

describe('an IPv4 address as a number', () => {
  it('is what ipaddr.js takes it for', () => {
    const part = fc.oneof(
      fc.nat({ max: 300 }).map(String),
      fc.constantFrom('', '0', '00', '01', '255', '256', '1000', '٣', ' 1', '+1', '1e1', '0x1', '1/8'),
    );
    const text = fc.oneof(
      fc.ipV4(),
      fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join('.')),
      fc.string(),
    );
    fc.assert(
      fc.property(text, (address) => {
        const valid = ipaddr.IPv4.isValidFourPartDecimal(address);
        expect(ipv4Number(address) !== undefined).toBe(valid);
        if (valid) expect(BigInt(ipv4Number(address) ?? -1)).toBe(parseAddress(address)?.value);
      }),
      { numRuns: 2_000 },
    );
  });
});
