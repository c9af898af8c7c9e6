import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TrustedHops } from '../../src/http/trusted-hops.js';

const hops = new TrustedHops(['10.0.0.0/8', '127.0.0.1/32', '2001:db8:ffff::/48', '::ffff:192.0.2.0/120']);

it.each<[string, string | undefined, string]>([
  ['10.0.0.1', undefined, '10.0.0.1'],
  ['10.0.0.1', '', '10.0.0.1'],
  ['10.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['192.0.2.77', '203.0.113.7', '203.0.113.7'],
  ['2001:db8:ffff::1', '2001:db8::7', '2001:db8::7'],
  // With ports, as Azure's gateway, IIS and others add them.
  ['10.0.0.1', '203.0.113.7:4711', '203.0.113.7:4711'],
  ['10.0.0.1', '203.0.113.7:4711, 10.0.0.5:8080', '203.0.113.7:4711'],
  ['10.0.0.1', '203.0.113.7 ,10.0.0.5:8080,[2001:db8:ffff::2]:443', '203.0.113.7'],
  ['10.0.0.1', '[2001:db8::7]:4711, 10.0.0.5', '[2001:db8::7]:4711'],
  ['10.0.0.1', '[2001:db8::7], 10.0.0.5', '[2001:db8::7]'],
  // Entries before the first untrusted one may be invented by the client.
  ['10.0.0.1', '10.9.9.9, 198.51.100.1, 203.0.113.7', '203.0.113.7'],
  ['10.0.0.1', '10.9.9.9, 10.8.8.8', '10.9.9.9'],
  // An entry that is no address ends the chain.
  ['10.0.0.1', 'unknown', '10.0.0.1'],
  ['10.0.0.1', '203.0.113.7, _hidden, 10.0.0.5', '10.0.0.5'],
  ['10.0.0.1', '203.0.113.7, , 10.0.0.5', '203.0.113.7'],
  ['10.0.0.1', '1.2.3.4:x', '10.0.0.1'],
  ['10.0.0.1', '0x7f.1', '10.0.0.1'],
  ['10.0.0.1', '2130706433', '10.0.0.1'],
  ['10.0.0.1', '203.0.113.7:471199', '10.0.0.1'],
])('%s with %j is %s', (socket, header, caller) => {
  expect(hops.callerOf(socket, header)).toBe(caller);
});

it('names a hop or an address that was given for every header, and never throws', () => {
  const part = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string(), fc.constantFrom('10.0.0.1:1', '[::1]:2', ':', '[]', ','));
  fc.assert(
    fc.property(fc.array(part), (parts) => {
      const header = parts.join(', ');
      const caller = hops.callerOf('10.0.0.1', header);
      expect(caller === '10.0.0.1' || header.includes(caller)).toBe(true);
      expect(new TrustedHops([]).callerOf('10.0.0.1', header)).toBe('10.0.0.1');
    }),
  );
});
