import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientNames } from '../../src/http/client-ip.js';

it.each([
  ['203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
  ['::ffff:203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
  ['203.0.113.9:4711', '203.0.113.9', '203.0.113.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:DB8::', '2001:db8:0:0::/64', '2001:db8:0::/48'],
  ['[2001:db8:1:2::3]:443', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['[2001:db8:1:2::3]', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
  ['::1', '0:0:0:0::/64', '0:0:0::/48'],
])('names %s', (address, client, network) => {
  expect(clientNames(address)).toEqual({ client, network });
});

it.each([
  '',
  'unknown',
  'localhost',
  '1.2.3.4.5',
  '1.2.3.4, 5.6.7.8',
  '[1.2.3',
  '::g',
  '\0',
  '%',
  '1.2.3.4:x',
  '٣.٣.٣.٣',
])('names %j as unknown', (text) => {
  expect(clientNames(text)).toEqual({ client: 'unknown', network: 'unknown' });
});

it('names every text without throwing, in a shape that cannot be chosen', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4Extended(), fc.ipV6()), (text) => {
      const { client, network } = clientNames(text);
      expect(client).toMatch(/^(?:unknown|[\d.]{7,15}|[0-9a-f:]{7,19}::\/64)$/);
      expect(network).toMatch(/^(?:unknown|[\d.]{7,15}\/24|[0-9a-f:]{5,14}::\/48)$/);
    }),
  );
});

const group = fc.integer({ min: 0, max: 0xffff });
const spell = (groups: readonly number[]) => groups.map((each) => each.toString(16)).join(':');

it('gives the addresses of one /64 one name, and two /64 two', () => {
  const prefix = fc.tuple(group, group, group, group).filter(([first]) => first !== 0);
  const host = fc.tuple(group, group, group, group);
  fc.assert(
    fc.property(prefix, host, host, group, (shared, one, other, fourth) => {
      const name = clientNames(spell([...shared, ...one]));
      expect(clientNames(spell([...shared, ...other]).toUpperCase())).toEqual(name);
      const neighbour = clientNames(spell([...shared.slice(0, 3), fourth, ...one]));
      expect(neighbour.network).toBe(name.network);
      expect(neighbour.client === name.client).toBe(fourth === shared[3]);
    }),
  );
});

it('gives an IPv4 address one name, also when it is mapped into IPv6', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const name = clientNames(address);
      expect(name.client).toBe(address);
      expect(clientNames(`::ffff:${address}`)).toEqual(name);
      expect(clientNames(`${address}:443`)).toEqual(name);
    }),
  );
});
