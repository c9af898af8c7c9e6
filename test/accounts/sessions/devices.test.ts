import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Devices } from '../../../src/accounts/sessions/devices.js';

const day = 86_400_000;
const owner = {
  id: '0b9cbb0e-6d3f-4c53-8e0a-2f3a51f0c3aa',
  credentialVersion: 3,
  readAt: new Date('2026-11-26T23:00:00Z'),
};
const secret = () => randomBytes(32).toString('base64url');
const secrets = [secret()];
const devices = new Devices(secrets);

it('is known again, by the same name each time, and is different for each device', () => {
  const [one, other] = [devices.issue(owner), devices.issue(owner)];
  expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(devices.verify(one, owner)).toBe(devices.verify(one, owner));
  expect(devices.verify(one, owner)).not.toBe(devices.verify(other, owner));
  expect(devices.verify(one, owner)).toBeDefined();
});

it('is none of another account, another version or another secret', () => {
  const device = devices.issue(owner);
  expect(devices.verify(device, { ...owner, id: '1b9cbb0e-6d3f-4c53-8e0a-2f3a51f0c3aa' })).toBeUndefined();
  expect(devices.verify(device, { ...owner, credentialVersion: 4 })).toBeUndefined();
  expect(devices.verify(device, { ...owner, credentialVersion: 2 })).toBeUndefined();
  expect(devices.verify(device, undefined)).toBeUndefined();
  expect(new Devices([secret()]).verify(device, owner)).toBeUndefined();
});

it('counts for nothing when one bit of it is changed, or its shape is wrong', () => {
  const device = devices.issue(owner);
  for (let bit = 0; bit < 256; bit++) {
    const bytes = Buffer.from(device, 'base64url');
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(devices.verify(bytes.toString('base64url'), owner)).toBeUndefined();
  }
  const misshapen = [undefined, null, '', device.slice(1), `${device}A`, `${device} `, `=${device.slice(1)}`];
  for (const text of misshapen) {
    expect(Devices.hasShape(text)).toBe(false);
    expect(devices.verify(text, owner)).toBeUndefined();
  }
  // The last character holds 4 bits, so three other characters decode to the same bytes.
  const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.indexOf(device.at(-1) ?? '');
  const alike = `${device.slice(0, -1)}${'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[last ^ 1]}`;
  expect(Buffer.from(alike, 'base64url')).toEqual(Buffer.from(device, 'base64url'));
  expect(devices.verify(alike, owner)).toBeUndefined();
});

it('lives 90 days by the database’s clock, whatever the hour', () => {
  const device = devices.issue(owner);
  const after = (ms: number) => ({ ...owner, readAt: new Date(owner.readAt.getTime() + ms) });
  expect(devices.verify(device, after(89 * day))).toBeDefined();
  expect(devices.verify(device, after(90 * day))).toBeUndefined();
  expect(devices.verify(device, after(400 * day))).toBeUndefined();
});

it('outlives the rotation of SECRET until the old value is dropped', () => {
  const device = devices.issue(owner);
  const next = secret();
  expect(new Devices([...secrets, next]).verify(device, owner)).toBeDefined();
  expect(new Devices([next, ...secrets]).verify(device, owner)).toBe(devices.verify(device, owner));
  expect(new Devices([next]).verify(device, owner)).toBeUndefined();
});
