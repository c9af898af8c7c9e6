import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientNames } from '../../src/http/client-ip.js';

const six = '2001:db8::/32 2001:db8:1::/48';
it.each([
  ['203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
  ['::ffff:203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
  ['203.0.113.9:4711', '203.0.113.9', '203.0.113.0/24'],
  ['64:ff9b::203.0.113.9', '203.0.113.9', '203.0.113.0/24'],
  ['[64:ff9b::cb00:7109]:443', '203.0.113.9', '203.0.113.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', `${six} 2001:db8:1:0::/56`],
  ['2001:db8:1:ab02:3:4:5:6', '2001:db8:1:ab02::/64', `${six} 2001:db8:1:ab00::/56`],
  ['2001:DB8::', '2001:db8:0:0::/64', '2001:db8::/32 2001:db8:0::/48 2001:db8:0:0::/56'],
  ['[2001:db8:1:2::3]:443', '2001:db8:1:2::/64', `${six} 2001:db8:1:0::/56`],
  ['[2001:db8:1:2::3]', '2001:db8:1:2::/64', `${six} 2001:db8:1:0::/56`],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0::/32 fe80:0:0::/48 fe80:0:0:0::/56'],
  ['::1', '0:0:0:0::/64', '0:0::/32 0:0:0::/48 0:0:0:0::/56'],
])('names %s, and its networks from the widest to the narrowest', (address, client, networks) => {
  expect(clientNames(address)).toEqual({ client, networks: networks.split(' ') });
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
  expect(clientNames(text)).toEqual({ client: 'unknown', networks: ['unknown'] });
});

it('names every text without throwing, in a shape that cannot be chosen', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.ipV4Extended(), fc.ipV6()), (text) => {
      const { client, networks } = clientNames(text);
      expect(client).toMatch(/^(?:unknown|[\d.]{7,15}|[0-9a-f:]{7,19}::\/64)$/);
      expect(networks.join(' ')).toMatch(
        /^(?:unknown|[\d.]{7,15}\/24|[0-9a-f:]{3,9}::\/32 [0-9a-f:]{5,14}::\/48 [0-9a-f:]{7,19}::\/56)$/,
      );
    }),
  );
});

const group = fc.integer({ min: 0, max: 0xffff });
const spell = (groups: readonly number[]) => groups.map((each) => each.toString(16)).join(':');

it('gives the addresses of one /64 one name, and two /64 two', () => {
  // Except addresses that embed an IPv4 address, which have one name each.
  const prefix = fc.tuple(group, group, group, group).filter(([first]) => first !== 0 && first !== 0x64);
  const host = fc.tuple(group, group, group, group);
  fc.assert(
    fc.property(prefix, host, host, group, (shared, one, other, fourth) => {
      const name = clientNames(spell([...shared, ...one]));
      expect(clientNames(spell([...shared, ...other]).toUpperCase())).toEqual(name);
      const neighbour = clientNames(spell([...shared.slice(0, 3), fourth, ...one]));
      expect(neighbour.networks.slice(0, 2)).toEqual(name.networks.slice(0, 2));
      expect(neighbour.networks[2] === name.networks[2]).toBe(fourth >> 8 === (shared[3] ?? 0) >> 8);
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
