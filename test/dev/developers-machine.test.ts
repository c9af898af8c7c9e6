import { describe, expect, it } from 'vitest';
import { isLoopback, refuseForeignDatabase, refuseProduction } from '../../src/dev/developers-machine.js';

it('refuses production, saying what to run instead', () => {
  expect(() => refuseProduction('production')).toThrow(/refuse NODE_ENV=production.*`latchkey api`/);
  for (const other of [undefined, '', 'development', 'test']) expect(() => refuseProduction(other)).not.toThrow();
});

describe('a database', () => {
  it.each([
    '',
    'postgres://u:p@localhost/x',
    'postgres://u:p@LOCALHOST:5433/x',
    'postgres://u:p@127.0.0.1:5432/x?sslmode=disable',
    'postgresql://127.8.9.1/x',
    'postgres://u:p@[::1]:5432/x',
    'postgres:///x',
    'postgres:///x?host=/var/run/postgresql',
    'postgres://%2Fvar%2Frun%2Fpostgresql/x',
    'postgres://u:p%40prod.example@localhost/x',
    'postgres://localhost:5432,127.0.0.1:5433/x',
  ])('on this machine is used: %j', (url) => {
    expect(() => refuseForeignDatabase([url])).not.toThrow();
  });

  it.each([
    'postgres://u:p@db.internal:5432/x',
    'postgres://u:p@10.0.0.7/x',
    'postgres://u:p@postgres/x',
    'postgres://u:p@localhost.example.com/x',
    'postgres://u:p@127.0.0.1.nip.io/x',
    'postgres://u:p@localhost/x?host=db.internal',
    'postgres://u:p@localhost/x?hostaddr=10.0.0.7',
    'postgres://localhost,db.internal/x',
    'postgres://localhost@db.internal/x',
    'postgres://[2001:db8::1]/x',
  ])('elsewhere is refused, naming the flag: %j', (url) => {
    expect(() => refuseForeignDatabase(['postgres://localhost/x', url])).toThrow(/npm start -- --yes-this-is-develop/);
  });
});

it.each([
  ['localhost', true],
  ['app.localhost', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['127.1.2.3', true],
  ['0.0.0.0', false],
  ['::', false],
  ['::ffff:10.0.0.1', false],
  ['localhost.evil.example', false],
  ['evil-localhost', false],
  ['', false],
])('%j is this machine: %s', (host, is) => {
  expect(isLoopback(host)).toBe(is);
});
