import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/stores/postgres/url.js';
import { createAuthority } from '../../support/certificates.js';

const at = (query: string, rest = 'postgres://u:p@db.example:5433/app') => parseDatabaseUrl(`${rest}?${query}`);

let folder: string;
let ca: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'latchkey-url-'));
  ca = join(folder, 'ca.pem');
  await writeFile(ca, createAuthority().certificate);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads host, port, database and credentials, percent-encoded or not', () => {
  expect(parseDatabaseUrl('postgresql://us%40er:p%2Fa%25s@[::1]:6000/a%20b')).toMatchObject({
    host: '::1',
    port: 6000,
    database: 'a b',
    user: 'us@er',
    password: 'p/a%s',
    ssl: false,
    security: 'plain',
  });
  expect(parseDatabaseUrl('postgres://app@localhost')).toMatchObject({ port: 5432, database: 'app', user: 'app' });
  expect(parseDatabaseUrl('postgres://u:a@b@c@h/d')).toMatchObject({ host: 'h', password: 'a@b@c' });
  expect(parseDatabaseUrl('postgres://h/d?user=u&password=p+q')).toMatchObject({ user: 'u', password: 'p+q' });
});

it('takes a Unix socket in each of the usual forms', () => {
  for (const url of [
    'postgres:///app?host=/run/postgresql',
    'postgres://u@/app?host=/run/postgresql',
    'postgres://%2Frun%2Fpostgresql/app',
    'postgres://u:p@%2Frun%2Fpostgresql:5432/app',
  ]) {
    expect(parseDatabaseUrl(url)).toMatchObject({ host: '/run/postgresql', database: 'app', security: 'socket' });
  }
  expect(() => parseDatabaseUrl('postgres:///app?host=/run/postgresql&sslmode=verify-full')).toThrow(/Unix socket/);
});

describe('sslmode as libpq means it', () => {
  it('says how well the connection is protected', () => {
    expect(at('sslmode=disable')).toMatchObject({ ssl: false, security: 'plain' });
    expect(at('sslmode=require')).toMatchObject({ ssl: { rejectUnauthorized: false }, security: 'unverified' });
    expect(at('sslmode=no-verify')).toMatchObject({ ssl: { rejectUnauthorized: false }, security: 'unverified' });
    const authority = { ssl: { checkServerIdentity: expect.any(Function) }, security: 'authority' };
    expect(at(`sslmode=require&sslrootcert=${ca}`)).toMatchObject(authority);
    expect(at(`sslmode=require&sslrootcert=${ca}`).ssl).not.toHaveProperty('rejectUnauthorized');
    expect(at(`sslmode=verify-ca&sslrootcert=${ca}`)).toMatchObject(authority);
    const verified = at(`sslmode=verify-full&sslrootcert=${ca}`);
    expect(verified).toMatchObject({ ssl: { ca: expect.stringContaining('BEGIN') }, security: 'verified' });
    expect(verified.ssl).not.toHaveProperty('checkServerIdentity');
    expect(at('sslmode=verify-full')).toMatchObject({ ssl: { host: 'db.example' }, security: 'verified' });
    expect(at('sslmode=verify-full&sslrootcert=system').ssl).toMatchObject({ ca: expect.any(Array) });
  });

  it.each([
    ['sslmode=prefer', /sslmode=prefer, which gives encryption up/],
    ['sslmode=allow', /sslmode=allow/],
    ['sslmode=verify_full', /sslmode that is none; allowed: disable, require, verify-ca, verify-full/],
    ['sslmode=verify-ca', /without sslrootcert/],
    ['sslmode=require&sslrootcert=system', /sslrootcert=system/],
    ['sslrootcert=/ca.pem', /sslrootcert without TLS: add sslmode=verify-full/],
    ['sslnegotiation=direct', /sslnegotiation without TLS/],
    ['sslmode=verify-full&sslrootcert=/not/there.pem', /sslrootcert that cannot be read \(ENOENT\)/],
    ['sslmode=verify-full&sslcert=/c.pem', /one of sslcert and sslkey/],
    ['channel_binding=require', /channel_binding=require without TLS/],
  ])('refuses %s', (query, fault) => {
    expect(() => at(query)).toThrow(fault);
  });
});

it('passes on what it takes', () => {
  expect(
    at(
      'application_name=my%20app&options=-c%20search_path%3Dmine&connect_timeout=2&keepalives_idle=30&target_session_attrs=read-write',
    ),
  ).toMatchObject({
    applicationName: 'my app',
    options: '-c search_path=mine',
    connectTimeout: 2,
    keepalivesIdle: 30,
    writableOnly: true,
  });
  expect(at('client_encoding=UTF8&gssencmode=disable&keepalives=1&uselibpqcompat=true')).toMatchObject({ port: 5433 });
});

it.each([
  ['service=mine', /service, which is not supported: write the service/],
  ['passfile=/x', /passfile, which .*password into the URL/],
  ['hostaddr=10.0.0.1', /hostaddr/],
  ['ssl=true', /ssl, which is not supported: write sslmode=verify-full/],
  ['statement_timeout=1', /statement_timeout, which is set by Latchkey itself/],
  ['schema=public', /schema, which .*DATABASE_SCHEMA/],
  ['connection_limit=5', /DATABASE_POOL/],
  ['sslmod=verify-full', /a parameter sslmod that is not known; known are: .*sslmode/],
  ['__proto__=x', /a parameter that is not known/],
  ['constructor=x', /a parameter constructor that is not known/],
  ['hunter=x@db.example', /a parameter that is not known/],
  ['sslmode=disable&sslmode=verify-full', /sslmode twice/],
  ['connect_timeout=30', /connect_timeout .*1 to 3 seconds/],
  ['connect_timeout=0', /connect_timeout/],
  ['client_encoding=LATIN1', /client_encoding whose value is not supported/],
  ['gssencmode=require', /gssencmode/],
  ['target_session_attrs=standby', /target_session_attrs .*read-write/],
  ['sslmode', /a parameter that is not known/],
])('refuses %s by name', (query, fault) => {
  expect(() => at(query)).toThrow(fault);
});

it('names the remedy for several hosts, and for none', () => {
  for (const url of ['postgres://a,b/d', 'postgres://a:1,b:2/d', 'postgres:///d?host=a,b']) {
    expect(() => parseDatabaseUrl(url)).toThrow(/several hosts.*one that leads to the primary/);
  }
  expect(() => parseDatabaseUrl('postgres:///d')).toThrow(/no host; for a Unix socket/);
  expect(() => parseDatabaseUrl('host=a dbname=d')).toThrow(/no URL of PostgreSQL; allowed: postgres:/);
});

it('never repeats a password, and says what to encode', () => {
  for (const url of [
    'postgres://u:sec/ret@h/d',
    'postgres://u:sec?ret@h/d',
    'postgres://u:sec#ret@h/d',
    'postgres://u:sec?ret=1&ret2=2@h/d',
    'postgres://u:ret%zz@h/d',
    'postgres://u:se:ret[@h:port/d',
  ]) {
    const told = () => parseDatabaseUrl(url);
    expect(told).toThrow(/`@` is `%40`, `\/` is `%2F`/);
    expect(told).not.toThrow(/ret/);
  }
});
