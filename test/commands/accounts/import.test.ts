import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import argon2 from 'argon2';
import bcrypt from 'bcryptjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Accounts } from '../../../src/accounts/accounts.js';
import { kindOfHash, parseImportedHash } from '../../../src/accounts/passwords/forms/imported-hash.js';
import { type ImportOptions, importAccounts } from '../../../src/commands/accounts/import/import.js';
import { SourceBroken } from '../../../src/commands/accounts/import/records/bytes.js';
import { longestLine, readLines } from '../../../src/commands/accounts/import/records/lines.js';
import { summary } from '../../../src/commands/accounts/import/report.js';
import { openDatabase } from '../../../src/services/database.js';
import { eventually } from '../../support/eventually.js';
import { cheapArgon2, importDatabase } from '../../support/imports.js';
import { startLatchkey } from '../../support/latchkey.js';

const salt = 'c2FsdHNhbHRzYWx0';
const digest = 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY';
const argonHash = `$argon2id$v=19$m=65536,t=3,p=4$${salt}$${digest}`;
const bcryptHash = '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW';

const at = importDatabase();

const line = (fields: object) => JSON.stringify({ hash: argonHash, ...fields });
const knownLocale = (tag: string | null) => (tag?.startsWith('en') ? 'en' : null);

/** Runs an import of this source. @returns its result and what it printed. */
async function run(source: Readable | string | Buffer, options: ImportOptions = {}, isTTY = false, over = at.orm) {
  const said: string[] = [];
  const err = { write: (text: string) => said.push(text), isTTY };
  const stream = source instanceof Readable ? source : Readable.from([Buffer.from(source)]);
  const result = await importAccounts(
    { accounts: new Accounts(over), argon2: cheapArgon2, knownLocale, err },
    stream,
    options,
  );
  return { ...result, said: said.join(''), refusals: said.join('').match(/^line .*$/gm) ?? [] };
}
const stored = () =>
  at.database.query<{ id: string; email: string; password_hash: string | null; locale: string | null }>(
    'select id, email, password_hash, locale from account order by email',
  );
const count = async (table: 'account' | 'audit_event') =>
  (await at.database.query<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n;

describe('an import', () => {
  it('adds accounts as the file tells them, each with an event in the audit trail', async () => {
    const id = randomUUID();
    const file = [
      line({ id: id.toUpperCase(), email: ' Alice?@Example.COM', locale: 'en-GB' }),
      line({ email: 'bob@bücher.example', hash: bcryptHash, locale: 'tlh' }),
      line({ id: null, email: 'carol@example.com', locale: null }),
    ];
    const result = await run(file.join('\n'));
    expect(result).toMatchObject({
      ended: 'complete',
      added: 3,
      present: 0,
      refused: 0,
      unknownLocales: 1,
      through: 3,
    });
    const rows = await stored();
    expect(rows).toMatchObject([
      { id, email: 'alice?@example.com', password_hash: argonHash, locale: 'en' },
      { email: 'bob@xn--bcher-kva.example', password_hash: bcryptHash, locale: null },
      { email: 'carol@example.com', locale: null },
    ]);
    const events = await at.database.query<{ account_id: string; kind: string; origin: string }>(
      'select account_id, kind, origin from audit_event',
    );
    expect(events.map(({ account_id }) => account_id).sort()).toEqual(rows.map((row) => row.id).sort());
    expect(new Set(events.map(({ kind, origin }) => `${kind} by ${origin}`))).toEqual(
      new Set(['account.imported by command line']),
    );
    const [alice] = await at.database.query('select * from account where id = $1', [id]);
    expect(alice).toMatchObject({ status: 'active', credential_version: 1, session_version: 1 });
  });

  it('goes on over 20,000 lines and tells every refused one by its number', async () => {
    const wrong: Record<number, string> = {};
    const lines = Array.from({ length: 20_000 }, (_, index) => {
      const number = index + 1;
      const email = `person${number}@example.com`;
      if (number % 997 === 0) wrong[number] = 'is not a JSON object';
      else if (number % 1009 === 0) wrong[number] = 'email is not one plain address';
      else if (number % 1013 === 0) wrong[number] = 'argon2id memory is over 1048576 KiB';
      else if (number % 1019 === 0) wrong[number] = 'the address has an account with another id';
      else return line({ email, ...(number % 2 ? { hash: bcryptHash } : {}) });
      if (number % 997 === 0) return `{"email":"${email}","hash":`;
      if (number % 1009 === 0) return line({ email: `person${number}@localhost` });
      if (number % 1013 === 0) return line({ email, hash: argonHash.replace('m=65536', 'm=4294967295') });
      return line({ id: randomUUID(), email: 'person1@example.com' });
    });
    const result = await run(`${lines.join('\n')}\n`);
    const expected = Object.entries(wrong).map(([number, reason]) => `line ${number}: ${reason}`);
    expect(result.refusals).toEqual(expected);
    const refused = expected.length;
    expect(result).toMatchObject({ ended: 'complete', added: 20_000 - refused, present: 0, refused });
    expect([await count('account'), await count('audit_event')]).toEqual([20_000 - refused, 20_000 - refused]);
    expect(result.said).not.toContain('$');
  });

  // Shows: R-37, ASVS 6.4.6
  it('finds what it has added when it runs again, and leaves it as its owner changed it', async () => {
    const file = [line({ email: 'again@example.com' }), line({ id: randomUUID(), email: 'named@example.com' })].join(
      '\n',
    );
    await run(file);
    await at.database.query(`update account set password_hash = 'changed', status = 'disabled', locale = 'en'`);
    const before = await stored();
    expect(await run(file)).toMatchObject({ added: 0, present: 2, refused: 0 });
    expect(await stored()).toEqual(before);
    expect(await count('audit_event')).toBe(2);
  });

  it.each([
    ['one batch', 1000],
    ['a batch for each line', 1],
  ])('counts equal lines once and refuses contradicting ones: %s', async (_name, batchSize) => {
    const [first, second] = [randomUUID(), randomUUID()];
    const file = [
      line({ id: first, email: 'one@example.com' }),
      line({ id: first, email: 'ONE@example.com', hash: bcryptHash }),
      line({ email: 'one@example.com' }),
      line({ id: second, email: 'one@example.com' }),
      line({ id: first, email: 'two@example.com' }),
      line({ email: 'three@example.com' }),
      line({ id: second, email: 'three@example.com' }),
      line({ id: second, email: 'four@example.com' }),
    ].join('\n');
    const refusals = [
      'line 2: the address was added by line 1 with another hash',
      'line 4: the address has an account with another id',
      'line 5: the id has an account with another address',
      'line 7: the address has an account with another id',
    ];
    const rehearsed = await run(file, { batchSize, dryRun: true });
    expect(rehearsed).toMatchObject({ added: 3, present: 1, refused: 4, refusals });
    expect([await count('account'), await count('audit_event')]).toEqual([0, 0]);
    await at.orm.em.fork().execute('drop table account_rehearsal');

    expect(await run(file, { batchSize })).toMatchObject({ added: 3, present: 1, refused: 4, refusals });
    expect(await stored()).toMatchObject([
      { id: second, email: 'four@example.com' },
      { id: first, email: 'one@example.com', password_hash: argonHash },
      { email: 'three@example.com' },
    ]);
    // Where the stored hash differs from the line of a second run, the owner may have changed it since, so it stays.
    const again = { added: 0, present: 5, refused: 3, refusals: refusals.slice(1) };
    expect(await run(file, { batchSize })).toMatchObject(again);
  });

  it.each([
    ['one batch', 1000],
    ['a batch for each line', 1],
  ])(
    'tells two people whose addresses differ in case only, and loses neither password: %s',
    async (_name, batchSize) => {
      const file = [
        line({ email: 'Alice@Example.com' }),
        line({ email: 'bob@example.com', hash: null }),
        line({ email: 'alice@example.com', hash: bcryptHash }),
        line({ email: 'BOB@example.com', hash: bcryptHash }),
        line({ email: 'ALICE@example.com' }),
      ].join('\n');
      const refusals = [
        'line 3: the address was added by line 1 with another hash',
        'line 4: the address was added by line 2 with another hash',
      ];
      expect(await run(file, { batchSize })).toMatchObject({ added: 2, present: 1, refused: 2, refusals });
      expect(await run(file, { batchSize })).toMatchObject({ added: 0, present: 5, refused: 0 });
      expect(await stored()).toMatchObject([
        { email: 'alice@example.com', password_hash: argonHash },
        { email: 'bob@example.com', password_hash: null },
      ]);
    },
  );

  it.each([
    [
      'UTF-16 with its mark',
      Buffer.from(`\ufeff${line({ email: 'a@example.com' })}\n`.repeat(9), 'utf16le'),
      /UTF-16.*iconv/,
    ],
    ['UTF-16 without it', Buffer.from(`${line({ email: 'a@example.com' })}\n`.repeat(9), 'utf16le'), /UTF-16.*iconv/],
    [
      'UTF-16, big end first',
      Buffer.from(`${line({ email: 'a@example.com' })}\n`.repeat(9), 'utf16le').swap16(),
      /UTF-16.*iconv/,
    ],
    ['a JSON array', JSON.stringify([{ email: 'a@example.com', hash: argonHash }]), /JSON array.*jq -c/],
    [
      'a JSON array over lines',
      JSON.stringify([{ email: 'a@example.com', hash: argonHash }], null, 2),
      /JSON array.*jq -c/,
    ],
    [
      'an object over lines',
      JSON.stringify({ email: 'a@example.com', hash: argonHash }, null, 2),
      /over several lines.*jq/,
    ],
  ])('says once what is wrong with every line: %s', async (_name, bytes, hint) => {
    const result = await run(bytes);
    expect(result).toMatchObject({ ended: 'wrong-form', added: 0, refused: 0, through: 0, refusals: [] });
    expect((result.cause as Error).message).toMatch(hint);
    expect(await count('account')).toBe(0);
  });

  it('tells in a dry run what is there already, and changes nothing', async () => {
    await run(line({ email: 'there@example.com' }));
    const file = [line({ email: 'there@example.com' }), line({ email: 'new@example.com' })].join('\n');
    const result = await run(file, { dryRun: true });
    expect(summary(result, true)).toMatch(/^dry run: 1 would be added, 1 present, 0 refused; \d+\.\d s, \d+ lines\/s$/);
    expect(await stored()).toMatchObject([{ email: 'there@example.com' }]);
  });

  it('reads a byte order mark, CRLF, empty lines and a last line without an end', async () => {
    const lines = ['\ufeff'.concat(line({ email: 'a@example.com' })), '', '  ', line({ email: 'b@example.com' }), '{}'];
    const result = await run(lines.join('\r\n'));
    expect(result).toMatchObject({ added: 2, refused: 1, through: 5, refusals: ['line 5: email is missing'] });
  });

  it.each([
    [
      'an unknown key',
      line({ email: 'a@example.com', pasword: 'x' }),
      'has a key other than id, external_id, email, hash, locale, status, createdAt: pasword',
    ],
    [
      'a key that could be a secret',
      line({ email: 'a@example.com', [bcryptHash]: 1 }),
      'has a key other than id, external_id, email, hash, locale, status, createdAt',
    ],
    [
      'a prototype',
      `{"__proto__":{},"email":"a@example.com"}`,
      'has a key other than id, external_id, email, hash, locale, status, createdAt: __proto__',
    ],
    ['a list', '[]', 'is not a JSON object'],
    ['null', 'null', 'is not a JSON object'],
    ['no hash', '{"email":"a@example.com"}', 'hash is missing (null where there is no password)'],
    ['a number as address', line({ email: 5 }), 'email and hash are not both text'],
    ['a bad id', line({ id: '1', email: 'a@example.com' }), 'id is not a UUID'],
    ['a number as id', line({ id: 7, email: 'a@example.com' }), 'id is not a UUID'],
    ['a number as locale', line({ email: 'a@example.com', locale: 7 }), 'locale is not text'],
    ['a lone surrogate in the address', '{"email":"a@\\ud800.example","hash":"x"}', 'email is not one plain address'],
    [
      'a lone surrogate in the hash',
      line({ email: 'a@example.com', hash: `${argonHash}\ud800` }),
      'argon2id digest is not 16 to 64 bytes of base64',
    ],
    ['a null character', line({ email: 'a\u0000@example.com' }), 'email is not one plain address'],
    ['bytes that are not UTF-8', Buffer.from(line({ email: 'a@example.com', locale: 'é' }), 'latin1'), 'is not UTF-8'],
    ['17,000 bytes', line({ email: 'a@example.com', locale: 'x'.repeat(17_000) }), 'is longer than 16384 bytes'],
  ])('refuses %s and takes the next line', async (_name, bad, reason) => {
    const good = Buffer.from(`\n${line({ email: 'next@example.com' })}\n`);
    const result = await run(Buffer.concat([Buffer.from(bad), good]), { strict: true });
    expect(result).toMatchObject({ added: 1, refused: 1, refusals: [`line 1: ${reason}`] });
    expect(await stored()).toMatchObject([{ email: 'next@example.com' }]);
  });

  it('keeps a language with a lone surrogate or a null character out of the database', async () => {
    const file = [
      line({ email: 'a@example.com', locale: 'de\u0000' }),
      '{"email":"b@example.com","locale":"\\udfff","hash":'.concat(JSON.stringify(argonHash), '}'),
    ];
    expect(await run(file.join('\n'))).toMatchObject({ added: 2, unknownLocales: 2 });
  });
});

describe('an import that ends early', () => {
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `${line({ email: `person${from + index}@example.com` })}\n`).join(
      '',
    );

  it('ends when it is interrupted, after the lines that it has read, and is completed by another run', async () => {
    const interrupt = new AbortController();
    const source = new Readable({ read() {} });
    source.push(lines(0, 250));
    const running = run(source, { batchSize: 100, signal: interrupt.signal });
    await eventually(
      () => count('account'),
      (n) => n === 200,
    );
    interrupt.abort();
    const result = await running;
    expect(result).toMatchObject({ ended: 'interrupted', added: 250, through: 250 });
    expect(await count('account')).toBe(250);
    const again = await run(lines(0, 1_000), { batchSize: 100 });
    expect(again).toMatchObject({ ended: 'complete', added: 750, present: 250 });
    expect(await count('audit_event')).toBe(1_000);
  });

  it('stops soon in the middle of a large file, too', async () => {
    const interrupt = new AbortController();
    const running = run(lines(0, 5_000), { batchSize: 10, signal: interrupt.signal });
    await eventually(
      () => count('account'),
      (n = 0) => n > 0,
    );
    interrupt.abort();
    const { ended, added } = await running;
    expect(ended).toBe('interrupted');
    expect(added).toBeLessThan(5_000);
    expect(await count('account')).toBe(added);
  });

  it('keeps what it read from a file that breaks', async () => {
    const source = Readable.from(
      (async function* () {
        yield Buffer.from(lines(0, 150));
        throw Object.assign(new Error('gone'), { code: 'EIO' });
      })(),
    );
    const result = await run(source, { batchSize: 100 });
    expect(result).toMatchObject({ ended: 'source-broken', added: 150, through: 150, cause: { code: 'EIO' } });
    expect(await count('account')).toBe(150);
  });

  it('keeps the finished batches when the database goes, and tells their last line', async () => {
    await at.database.query(`
      create function refuse_person250() returns trigger language plpgsql as $$
      begin if new.email = 'person250@example.com' then perform pg_terminate_backend(pg_backend_pid()); end if; return new; end $$`);
    await at.database.query(
      'create trigger refuse before insert on account for each row execute function refuse_person250()',
    );
    // A process of its own would end here; so do not close what waits for a connection that broke.
    const lost = openDatabase(at.database.url, { poolSize: 1 });
    const result = await run(lines(0, 1_000), { batchSize: 100 }, false, lost);
    expect(result).toMatchObject({ ended: 'database-failed', added: 200, through: 200 });
    expect([await count('account'), await count('audit_event')]).toEqual([200, 200]);
    await at.database.query('drop trigger refuse on account');
    expect(await run(lines(0, 1_000), { batchSize: 100 })).toMatchObject({
      ended: 'complete',
      added: 800,
      present: 200,
    });
  });
});

describe('the progress of an import', () => {
  const lines = Array.from({ length: 40 }, (_, index) => `${line({ email: `p${index}@example.com` })}\n`);
  const text = lines.join('').concat('rubbish\n');
  /** A clock that is a second later at each reading. */
  const clock = () => {
    let now = 0;
    return () => {
      now += 1_000;
      return now;
    };
  };

  it('is a bar with percent and pace on a terminal, drawn away before other lines', async () => {
    const { said } = await run(text, { batchSize: 10, size: text.length, clock: clock() }, true);
    expect(said.replaceAll('\r\u001b[K', '<')).toMatch(
      /<import \[######\.{18}\] 24 %, 10 lines, \d+ lines\/s, 0 refused</,
    );
    expect(said).toContain('\r\u001b[Kline 41: is not a JSON object\n');
    expect(said.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is a plain line every ten seconds elsewhere', async () => {
    const { said } = await run(lines.join(''), { batchSize: 1, clock: clock() });
    const told = said.split('\n').filter(Boolean);
    expect(told.length).toBeGreaterThan(2);
    expect(told.length).toBeLessThan(10);
    for (const each of told) expect(each).toMatch(/^import: \d+ lines, \d+ lines\/s, 0 refused$/);
  });
});

describe('reading lines', () => {
  const read = async (chunks: Uint8Array[]) => {
    const seen: { text: string; fault: string | undefined }[] = [];
    for await (const { text, fault } of readLines(Readable.from(chunks))) seen.push({ text, fault });
    return seen;
  };

  it('does not depend on how the bytes are cut', async () => {
    const anyLine = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/[\r\n\ufeff]/.test(text));
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLine, { minLength: 1 }),
        fc.constantFrom('\n', '\r\n'),
        fc.nat(30),
        async (texts, end, size) => {
          const bytes = Buffer.from(texts.map((text) => text + end).join(''));
          const chunks = [];
          for (let at = 0; at < bytes.length; at += size + 1) chunks.push(bytes.subarray(at, at + size + 1));
          expect((await read(chunks)).map(({ text }) => text)).toEqual(texts);
        },
      ),
    );
  });

  it('knows a line that is too long by a byte, wherever a carriage return stands in it', async () => {
    const fits = 'x'.repeat(longestLine);
    const faults = async (text: string, size: number) => {
      const bytes = Buffer.from(text);
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
      return (await read(chunks)).map(({ fault }) => fault !== undefined);
    };
    for (const size of [1_000, longestLine, longestLine + 1, 100_000]) {
      expect(await faults(`${fits}\r\n${fits}\n`, size)).toEqual([false, false]);
      expect(await faults(`${fits}x\n${fits}\r${fits}\n${fits}\rx\nok`, size)).toEqual([true, true, true, false]);
      expect(await faults(`${fits}\rx`, size)).toEqual([true]);
    }
  });

  it('tells a broken source from everything else', async () => {
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('one\ntw');
        throw new Error('gone');
      })(),
    );
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { text } of readLines(broken)) seen.push(text);
    })();
    await expect(reading).rejects.toBeInstanceOf(SourceBroken);
    expect(seen).toEqual(['one']);
  });
});

describe('a hash from elsewhere', () => {
  it.each([
    ['m,p,t', `$argon2id$v=19$m=65536,p=4,t=3$${salt}$${digest}`, argonHash],
    ['p,t,m', `$argon2id$v=19$p=4,t=3,m=65536$${salt}$${digest}`, argonHash],
    ['the most memory', `$argon2id$v=19$m=262144,t=2,p=16$${salt}$${digest}`, undefined],
    ['the most passes of its memory', `$argon2id$v=19$m=8192,t=64,p=1$${salt}$${digest}`, undefined],
    ["PHP's default", `$argon2id$v=19$m=65536,t=4,p=1$${salt}$${digest}`, undefined],
    ['bcrypt 2a', bcryptHash.replace('$2b$', '$2a$'), undefined],
    ['bcrypt 2y at cost 14', bcryptHash.replace('$2b$12', '$2y$14'), undefined],
  ])('is taken, with its parameters in the reference order: %s', (_name, text, kept = text) => {
    expect(parseImportedHash(text)).toMatchObject({ kind: 'accepted', hash: kept });
  });

  it.each([
    ['memory', argonHash.replace('m=65536,t=3', 'm=262145,t=1'), 'argon2id memory is over 262144 KiB'],
    ['passes', argonHash.replace('t=3', 't=9'), 'argon2id memory times time cost is over 524288 KiB'],
    ['both', argonHash.replace('m=65536,t=3', 'm=1048576,t=20'), 'argon2id memory is over 262144 KiB'],
    ['bcrypt 15', bcryptHash.replace('$12$', '$15$'), 'bcrypt cost is over 14'],
    ['bcrypt 16', bcryptHash.replace('$12$', '$16$'), 'bcrypt cost is over 14'],
  ])(
    'is refused where it costs more than a sign-in usually may, unless the operator allows it: %s',
    (_name, text, fault) => {
      expect(parseImportedHash(text)).toEqual({ kind: 'refused', reason: `${fault} (--allow-expensive takes it)` });
      expect(parseImportedHash(text, { allowExpensive: true })).toMatchObject({ kind: 'accepted', hash: text });
    },
  );

  it.each([
    ['memory that takes the machine', argonHash.replace('m=65536', 'm=1048577')],
    ['memory beyond any number', argonHash.replace('m=65536', `m=${'9'.repeat(400)}`)],
    ['time without end', argonHash.replace('t=3', 't=400')],
    ['too many lanes', argonHash.replace('p=4', 'p=17')],
    ['too little memory for its lanes', argonHash.replace('m=65536', 'm=31')],
    ['nothing', argonHash.replace('m=65536', 'm=0')],
    ['a sign', argonHash.replace('t=3', 't=+3')],
    ['a leading zero', argonHash.replace('t=3', 't=03')],
    ['a parameter twice', argonHash.replace('p=4', 'm=8')],
    ['a parameter more', argonHash.replace('p=4', 'p=4,data=aGVsbG8')],
    ['a parameter less', argonHash.replace(',p=4', '')],
    ['version 16', argonHash.replace('v=19', 'v=16')],
    ['no version', argonHash.replace('v=19$', '')],
    ['a salt of 7 bytes', argonHash.replace(salt, 'c2FsdHNhbA')],
    ['a digest of 15 bytes', argonHash.replace(digest, 'QUJDREVGR0hJSktMTU5P')],
    ['padding', argonHash.replace(salt, 'c2FsdHNhbHQ=')],
    ['bits too many', argonHash.replace(digest, `${digest.slice(0, -1)}Z`)],
    ['one part more', `${argonHash}$eA`],
    ['a line end', `${argonHash}\n`],
    ['bcrypt 2x', bcryptHash.replace('$2b$', '$2x$')],
    ['bcrypt at cost 17', bcryptHash.replace('$12$', '$17$')],
    ['bcrypt at cost 3', bcryptHash.replace('$12$', '$03$')],
    ['bcrypt cut short', bcryptHash.slice(0, -1)],
    ['bcrypt and a line end', `${bcryptHash}\n`],
    ['a plain password', 'correct horse battery'],
    ['nothing at all', ''],
  ])('is refused with a reason that does not repeat it: %s', (_name, text) => {
    const verdict = parseImportedHash(text, { allowExpensive: true });
    expect(verdict.kind).toBe('refused');
    if (verdict.kind === 'refused')
      for (const part of [salt, digest, 'R9h/c']) expect(verdict.reason).not.toContain(part);
  });

  it('is what the library verifies, in whatever order its parameters came', async () => {
    const made = await argon2.hash('a password', { memoryCost: 64, timeCost: 3, parallelism: 2 });
    const verdict = parseImportedHash(made);
    if (verdict.kind === 'refused') throw new Error(verdict.reason);
    expect(verdict.hash).toContain('$m=64,t=3,p=2$');
    expect(await argon2.verify(verdict.hash, 'a password')).toBe(true);
  });

  it('opens although its salt was made by hand with bits too many', () => {
    const made = bcrypt.hashSync('a password', 4);
    const last = { '.': '/', O: 'P', e: 'f', u: 'v' }[made.charAt(28)];
    const byHand = `${made.slice(0, 28)}${last}${made.slice(29)}`;
    expect(bcrypt.compareSync('a password', byHand)).toBe(false);
    expect(parseImportedHash(byHand)).toMatchObject({ kind: 'accepted', hash: made });
  });

  it('tells its kind and no more', () => {
    expect(kindOfHash(argonHash)).toEqual({ algorithm: 'argon2id', memoryKib: 65536, timeCost: 3, parallelism: 4 });
    expect(kindOfHash(bcryptHash)).toEqual({ algorithm: 'bcrypt', cost: 12 });
    expect(kindOfHash('plain')).toEqual({ algorithm: 'unknown' });
  });
});

describe('an imported account', () => {
  it('signs in with its bcrypt password, and has an argon2id hash afterwards', async () => {
    const latchkey = await startLatchkey({ withoutWorker: true });
    const own = openDatabase(latchkey.database.url, { poolSize: 1 });
    try {
      const password = 'a password from before';
      const file = line({ email: 'moved@example.com', hash: bcrypt.hashSync(password, 12).replace('$2b$', '$2y$') });
      const err = { write: () => undefined };
      await importAccounts(
        { accounts: new Accounts(own), argon2: cheapArgon2, knownLocale, err },
        Readable.from([Buffer.from(file)]),
      );
      expect(await latchkey.signIn('moved@example.com', 'another password')).toBeUndefined();
      expect(await latchkey.signIn('moved@example.com', password)).toBeDefined();
      const hashOf = async () =>
        (await latchkey.database.query<{ password_hash: string }>('select password_hash from account'))[0]
          ?.password_hash;
      expect(await eventually(hashOf, (hash) => hash?.startsWith('$argon2id$') ?? false)).toContain('m=19456,t=2,p=1');
      expect(await latchkey.signIn('moved@example.com', password)).toBeDefined();
    } finally {
      await own.close(true);
      await latchkey.close();
    }
  });

  it('without a password is opened by nothing but a recovery', async () => {
    const latchkey = await startLatchkey();
    const own = openDatabase(latchkey.database.url, { poolSize: 1 });
    try {
      const file = line({ email: 'begins@example.com', hash: null });
      const err = { write: () => undefined };
      await importAccounts(
        { accounts: new Accounts(own), argon2: cheapArgon2, knownLocale, err },
        Readable.from([Buffer.from(file)]),
      );
      for (const password of ['', 'null', 'a password from before']) {
        const refused = await latchkey.client.signIn({ email: 'begins@example.com', password });
        expect(refused).toMatchObject({ __typename: 'InvalidCredentials' });
      }
      const password = 'the first password of all';
      const key = await latchkey.keyFor('begins@example.com');
      const completed = { __typename: 'PasswordResetCompleted' };
      expect(await latchkey.client.resetPassword({ key, password })).toMatchObject(completed);
      expect(await latchkey.client.resetPassword({ key, password })).toMatchObject(completed);
      expect(await latchkey.signIn('begins@example.com', password)).toBeDefined();
    } finally {
      await own.close(true);
      await latchkey.close();
    }
  });
});
