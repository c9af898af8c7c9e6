import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = pathToFileURL('dist/src/commands/end-gracefully.js').href;

interface Scene {
  /** Milliseconds that closing takes. */
  readonly closing?: number;
  readonly grace?: number;
  readonly echo?: number;
  /** What the process does once it listens. */
  readonly program?: string;
  /** What is sent as soon as the process has said the word before it. */
  readonly signals?: readonly (readonly [after: string, signal: NodeJS.Signals])[];
}

async function run({ closing = 300, grace = 60_000, echo = 60_000, program = '', signals = [] }: Scene) {
  const module = `
    import { endGracefully } from '${source}';
    const say = (text) => process.stdout.write(text + '\\n');
    const close = () => new Promise((resolve) => setTimeout(() => resolve(say('closed')), ${closing}));
    endGracefully(close, (reason) => say('ending: ' + reason), { grace: ${grace}, echo: ${echo} });
    setInterval(() => undefined, 60_000);
    say('listening');
    ${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', module]);
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const ended = once(child, 'close');
  for (const [after, signal] of signals) {
    await expect.poll(() => output, { timeout: 20_000, interval: 10 }).toContain(after);
    child.kill(signal);
  }
  const [code] = await ended;
  return { code, errors, said: output.trim().split('\n').slice(1) };
}

describe.concurrent('a process that ends', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('closes when it is sent %s, and names it', async (signal) => {
    const ended = await run({ signals: [['listening', signal]] });
    expect(ended).toEqual({ code: 0, errors: '', said: [`ending: ${signal}`, 'closed'] });
  });

  it('takes a repeated signal for the first one', async () => {
    const signals = [
      ['listening', 'SIGINT'],
      ['ending', 'SIGINT'],
      ['ending', 'SIGTERM'],
    ] as const;
    expect(await run({ signals })).toEqual({ code: 0, errors: '', said: ['ending: SIGINT', 'closed'] });
  });

  it('ends immediately for somebody who interrupts again after a while', async () => {
    const signals = [
      ['listening', 'SIGTERM'],
      ['ending', 'SIGINT'],
    ] as const;
    const ended = await run({ closing: 60_000, echo: 0, signals });
    expect(ended.code).toBe(1);
    expect(ended.said).not.toContain('closed');
  });

  it('ends without having closed when that takes longer than its grace', async () => {
    const ended = await run({ closing: 60_000, grace: 200, signals: [['listening', 'SIGTERM']] });
    expect(ended).toEqual({ code: 1, errors: '', said: ['ending: SIGTERM'] });
  });

  it.each([
    ['an exception', `setTimeout(() => { throw new TypeError('with a secret'); });`],
    ['a rejection', `void Promise.reject(new TypeError('with a secret'));`],
  ])('closes after %s that nobody caught, says so without its message, and exits with 1', async (_what, program) => {
    const { code, errors, said } = await run({ program });
    expect({ code, said }).toEqual({ code: 1, said: ['ending: error', 'closed'] });
    expect(JSON.parse(errors)).toMatchObject({ level: 'fatal', fault: { name: 'TypeError' } });
    expect(errors).not.toContain('secret');
  });
});
