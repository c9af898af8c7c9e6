import { randomBytes } from 'node:crypto';
import { Latchkey } from '../../../support/processes.js';
import type { Attack } from '../attack.js';
import type { Stage } from '../stage.js';

/** What `latchkey settings --check` says. */
async function check(stage: Stage, more: Record<string, string>) {
  const { code, output } = await Latchkey.run(['settings', '--check'], { ...stage.settings, ...more });
  return { code, faults: output.split('\n').filter((line) => line.startsWith('fault')) };
}

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const secret = () => randomBytes(32).toString('base64url');

const undone: Attack = {
  ids: ['C15', 'V-03', 'V-07', 'A5'],
  title: 'settings that would undo a defence',
  needs: 'stage',
  run: async (stage, findings) => {
    const piece = secret().slice(0, 16);
    const unsafe: Record<string, readonly string[]> = {
      SECRET: [
        piece.repeat(4),
        'abababababababababababababababababababab',
        'a'.repeat(64),
        'too short',
        `${secret()},short`,
      ],
      SIGN_IN_URL: ['http://app.example/', 'javascript:alert(1)'],
      SUPPORT_URL: ['http://app.example/', 'javascript:alert(1)'],
      PUBLIC_URL: ['http://recover.example.com', 'recover.example.com'],
      RESET_PAGE_URL: ['http://recover.example.com/x'],
      TRUST_PROXY: ['0.0.0.0/0', '::/0', '0.0.0.0/3', '2000::/4', many(20, (at) => `${at * 8 + 16}.0.0.0/5`).join()],
      SIGN_UP: ['open', 'yes'],
      RESET_KEY_TTL: ['0', '-1', 'Infinity', '86401', 'never'],
      LIMIT_RESET_PER_ACCOUNT: ['3/3600,10/604800', '0/0', 'none'],
      LIMIT_RESET_PER_CLIENTS: ['1/1'],
      ARGON2_MEMORY_KIB: ['1024', '0'],
      PASSWORD_MIN_LENGTH: ['4', '-1'],
      CORS_ORIGINS: ['*', 'https://*', 'https://app*.example', 'https://a.example/path'],
      SMTP_URL: ['smtp://relay.example?debug=true&logger=true', 'smtp://relay.example?transactionLog=true'],
      MAIL_FROM: ['', 'two@a.example, three@b.example', 'no address'],
    };
    // All faults are told together, so each run has one unsafe value of every name.
    const rounds = Math.max(...Object.values(unsafe).map(({ length }) => length));
    for (const round of many(rounds, (at) => at)) {
      const now = Object.entries(unsafe).flatMap(([name, values]) =>
        round in values ? [[name, values[round] ?? '']] : [],
      );
      const { code, faults } = await check(stage, Object.fromEntries(now));
      findings.expect('the exit code', code, 1);
      for (const [name = '', value = ''] of now) {
        const shown = name === 'SECRET' ? '…' : value;
        findings.note(
          `${name}=${shown}`,
          faults.some((line) => line.includes(name)),
          faults,
        );
        if (name === 'SECRET') findings.note('the value of SECRET', !faults.join().includes(value), 'it is shown');
      }
    }
    const safe = { TRUST_PROXY: '10.0.0.0/8,fc00::/7', SUPPORT_URL: 'mailto:help@acme.example' };
    const { code, faults } = await check(stage, safe);
    findings.note('safe ones', code === 0, faults);
    return 'each is refused by its name before a process starts';
  },
};

const development: Attack = {
  ids: ['C14'],
  title: 'the command for development in production',
  needs: 'stage',
  run: async (stage, findings) => {
    const { DATABASE_URL = '', REDIS_URL = '' } = stage.settings;
    const cases: Record<string, Record<string, string>> = {
      'NODE_ENV=production': { NODE_ENV: 'production', DATABASE_URL, REDIS_URL },
      'a database of another machine': { DATABASE_URL: DATABASE_URL.replace('127.0.0.1', '192.0.2.1') },
      'a database of another machine, by a parameter': { DATABASE_URL: `${DATABASE_URL}?host=192.0.2.1` },
    };
    for (const [name, more] of Object.entries(cases)) {
      const started = Latchkey.start(['dev'], { PORT: '0', OPS_PORT: '0', ...more });
      const timer = setTimeout(() => void started.stop('SIGKILL'), 60_000);
      const { code, signal, output } = await started.ended;
      clearTimeout(timer);
      findings.note(
        name,
        code !== null && code !== 0 && signal === null && !/listens/.test(output),
        `${code} ${signal} ${output}`,
      );
    }
    return '`latchkey dev` refuses both';
  },
};

export const settings: readonly Attack[] = [undone, development];
