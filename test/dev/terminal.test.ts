import { readFileSync } from 'node:fs';
import { buildASTSchema, GraphQLUnionType, isObjectType, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { done, Terminal } from '../../src/dev/terminal.js';
import { createLog } from '../../src/observability/log.js';
import { packageFolder } from '../../src/package-files.js';

function terminal(isColoured = false) {
  const lines: string[] = [];
  const noon = () => new Date(2026, 10, 22, 12, 30, 5);
  return { lines, terminal: new Terminal((line) => lines.push(line), isColoured, noon) };
}

describe('a developer sees in the terminal', () => {
  it('what each call did', () => {
    const { lines, terminal: shown } = terminal();
    shown.called('requestPasswordReset', 'PasswordResetRequested');
    shown.called('resetPassword', 'InvalidResetKey');
    shown.called('signIn', 'error');
    shown.called('me', 'null');
    shown.called('passwordPolicy', 'Object');
    expect(lines).toEqual([
      '12:30:05  requestPasswordReset  PasswordResetRequested  the same answer for every address; a mail follows',
      '12:30:05  resetPassword         InvalidResetKey  used, expired, superseded, or never one',
      '12:30:05  signIn                error',
      '12:30:05  me                    nobody is signed in',
      '12:30:05  passwordPolicy        answered',
    ]);
  });

  it('each mail with its page, and nothing of it that moves the cursor', () => {
    const { lines, terminal: shown } = terminal();
    const mail = { subject: 'Set a \u001b[2Jnew password', to: '', envelope: { from: '', to: ['alice@example.com'] } };
    shown.received(mail, 'http://localhost:4000/inbox/1');
    expect(lines).toEqual([
      '12:30:05  mail                  Set a  [2Jnew password to alice@example.com  http://localhost:4000/inbox/1',
    ]);
  });

  it('lines of the log as sentences', () => {
    const { lines, terminal: shown } = terminal();
    const log = createLog('info', 'dev', shown.log);
    log.info({ method: 'POST', route: '/graphql' }, 'request');
    log.info({ outcome: 'sent' }, 'job done');
    log.warn({ part: 'redis', count: 2 }, 'a store is away');
    shown.log.write('no JSON\n');
    expect(lines).toEqual(['12:30:05  warn                  a store is away part="redis" count=2', 'no JSON']);
  });

  it('success, refusal and fault in three colours, where there are colours', () => {
    const { lines, terminal: shown } = terminal(true);
    for (const result of ['SignedIn', 'InvalidCredentials', 'error']) shown.called('signIn', result);
    const colours = lines.map((line) => line.split('\u001b[').find((part) => part.startsWith('3')));
    expect(new Set(colours).size).toBe(3);
    expect(lines.every((line) => line.endsWith('\u001b[39m'))).toBe(true);
  });

  it('exactly those results as done that are no failure of the schema', () => {
    const schema = buildASTSchema(parse(readFileSync(`${packageFolder}schema/schema.graphql`, 'utf8')));
    const unions = Object.values(schema.getTypeMap()).filter((type) => type instanceof GraphQLUnionType);
    const results = [...new Set(unions.flatMap((union) => union.getTypes()))].filter(isObjectType);
    expect(results.length).toBeGreaterThan(15);
    for (const type of results) {
      const isFailure = type.getInterfaces().some(({ name }) => name === 'UserError');
      expect(done.test(type.name), type.name).toBe(!isFailure);
    }
  });
});
