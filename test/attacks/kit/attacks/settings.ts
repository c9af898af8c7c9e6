import { randomBytes } from 'node:crypto';
import { Latchkey } from '../../../support/processes.js';
import type { Attack } from '../attack.js';
import type { Stage } from '../stage.js';

/** What `latchkey settings --check` says. */
async function check(stage: Stage, more: Record<string, string>) {
  const { code, output } = await Latchkey.run(['settings', '--check'], { ...stage.settings, ...more });
  return { code, faults: output.split('\n').filter((line) => line.startsWith('fault')) };
}

const secret = () => randomBytes(32).toString('base64url');

const unsafe: Attack = {
  ids: ['C15', 'V-03', 'V-07', 'A5'],
  title: 'settings that would undo a defence',
  needs: 'stage',
  run: async (stage, findings) => {
    const piece = secret().slice(0, 16);
    const refused: [string, Record<string, string>][] = [
      ['SECRET', { SECRET: piece.repeat(4) }],
      ['SECRET', { SECRET: 'abababababababababababababababababababab' }],
      ['SECRET', { SECRET: 'a'.repeat(64) }],
      ['SECRET', { SECRET: 'too short' }],
      ['SECRET', { SECRET: `${secret()},short` }],
      ['SIGN_IN_URL', { SIGN_IN_URL: 'http://app.example/' }],
      ['SUPPORT_URL', { SUPPORT_URL: 'http://app.example/' }],
      ['SUPPORT_URL', { SUPPORT_URL: 'javascript:alert(1)' }],
      ['PUBLIC_URL', { PUBLIC_URL: 'http://recover.example.com' }],
      ['RESET_PAGE_URL', { RESET_PAGE_URL: 'http://recover.example.com/x' }],
      ['TRUST_PROXY', { TRUST_PROXY: '0.0.0.0/0' }],
      ['TRUST_PROXY', { TRUST_PROXY: '::/0' }],
      ['TRUST_PROXY', { TRUST_PROXY: '0.0.0.0/3' }],
      ['TRUST_PROXY', { TRUST_PROXY: Array.from({ length: 20 }, (_, index) => `${index * 8 + 16}.0.0.0/5`).join() }],
      ['TRUST_PROXY', { TRUST_PROXY: '2000::/4' }],
      ['SIGN_UP', { SIGN_UP: 'open' }],
      ['RESET_KEY_TTL', { RESET_KEY_TTL: '0' }],
      ['RESET_KEY_TTL', { RESET_KEY_TTL: 'Infinity' }],
      ['RESET_KEY_TTL', { RESET_KEY_TTL: '86401' }],
      ['LIMIT_RESET_PER_ACCOUNT', { LIMIT_RESET_PER_ACCOUNT: '3/3600,10/604800' }],
      ['LIMIT_RESET_PER_CLIENTS', { LIMIT_RESET_PER_CLIENTS: '1/1' }],
      ['ARGON2_MEMORY_KIB', { ARGON2_MEMORY_KIB: '1024' }],
      ['PASSWORD_MIN_LENGTH', { PASSWORD_MIN_LENGTH: '4' }],
      ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
      ['CORS_ORIGINS', { CORS_ORIGINS: 'https://*' }],
      ['CORS_ORIGINS', { CORS_ORIGINS: 'https://app*.example' }],
      ['SMTP_URL', { SMTP_URL: 'smtp://relay.example?debug=true&logger=true' }],
      ['MAIL_FROM', { MAIL_FROM: '' }],
    ];
    for (const [name, more] of refused) {
      const { code, faults } = await check(stage, more);
      const isTold = code === 1 && faults.some((line) => line.includes(name));
      const [value = ''] = Object.values(more);
      findings.note(`${name}=${name === 'SECRET' ? '…' : value}`, isTold, faults);
      if (name === 'SECRET') findings.note('the value of SECRET', !faults.join().includes(value), 'it is shown');
    }
    const safe = {
      SECRET: randomBytes(32).toString('hex'),
      TRUST_PROXY: '10.0.0.0/8,fc00::/7',
      SUPPORT_URL: 'mailto:help@acme.example',
    };
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

export const settings: readonly Attack[] = [unsafe, development];
