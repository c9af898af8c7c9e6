import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProductName } from '../../../src/commands/accounts/import/products/product.js';
import { productOf } from '../../../src/commands/accounts/import/products/products.js';
import { SourceBroken } from '../../../src/commands/accounts/import/records/bytes.js';
import type { Fields } from '../../../src/commands/accounts/import/records/record.js';
import { openRecords } from '../../../src/commands/accounts/import/records/records.js';

/** Reads a file in pieces. @returns its form, records and faults by number, and what ended it early. */
async function read(file: string | Buffer, { from, size = 65_536 }: { from?: ProductName; size?: number } = {}) {
  const bytes = Buffer.from(file);
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  const [users, faults]: [Fields[], string[]] = [[], []];
  try {
    const { form, all } = await openRecords(Readable.from(pieces), from && productOf(from));
    for await (const { number, fields, fault } of all) {
      if (fields) users.push({ ...fields });
      if (fault) faults.push(`${number}: ${fault}`);
    }
    return { form, users, faults };
  } catch (error) {
    return { users, faults, ended: (error as Error).message, isBroken: error instanceof SourceBroken };
  }
}

const header = 'email,hash,locale';

describe('CSV', () => {
  it.each([1, 7, 65_536])('is read as RFC 4180 has it, in pieces of %i bytes', async (size) => {
    const file = `\ufeff${header}\r\n"a@b.example",,"en"\r\n\r\nc@d.example,"x ""y"", z\r\nnext",\r\n`;
    expect(await read(file, { size })).toEqual({
      form: 'csv',
      faults: [],
      users: [
        { email: 'a@b.example', hash: null, locale: 'en' },
        { email: 'c@d.example', hash: 'x "y", z\nnext', locale: null },
      ],
    });
  });

  it('gives back every field that a writer quotes', async () => {
    const field = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[\r\ufeff]/.test(text));
    const rows = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 40 }), async (all, size) => {
        const quoted = all.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(','));
        const { users } = await read(`${header}\n${quoted.join('\n')}\n`, { size });
        expect(users.map(({ email, hash, locale }) => [email ?? '', hash ?? '', locale ?? ''])).toEqual(all);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['a quote in a field', 'a@b.example,x"y,en\n', 'line 3: a quote is misplaced in field 2; quote as RFC 4180 says'],
    ['text after a quote', '"a@b.example"x,,en\n', 'line 3: a quote is misplaced in field 1; quote as RFC 4180 says'],
    ['a quote that nobody closes', 'a@b.example,"x,en\n', /^line 3: a quote is opened and not closed/],
    ['one that is not closed for long', `a@b.example,"${'x\n'.repeat(9_000)}`, /^line 3: .* within 16384 bytes/],
  ])('ends at %s, with the place', async (_name, row, ended) => {
    const seen = await read(`${header}\nfirst@b.example,,\n${row}last@b.example,,\n`);
    expect(seen).toMatchObject({ ended: expect.stringMatching(ended), isBroken: false });
    expect(seen.users).toHaveLength(1);
  });

  it('refuses a record with too few fields, or one whose last field may have been cut, and no other', async () => {
    const rows = `${header}\na@b.example,\nc@d.example,,en\n${'x'.repeat(10_000_000)},,en\ne@f.example,,en`;
    expect(await read(rows)).toMatchObject({
      users: [{ email: 'c@d.example' }],
      faults: ['2: has 2 fields, not 3', '4: is longer than 16384 bytes', expect.stringMatching(/^5: has no line end/)],
    });
    expect((await read(`${header}\ne@f.example,,"en"`)).users).toHaveLength(1);
  });

  it('tells a header row that cannot be one', async () => {
    expect((await read('email;hash\na@b.example;x\n')).ended).toMatch(/^line 1: the columns are separated by ;/);
    expect((await read('email,email\na@b.example,x\n')).ended).toBe(
      'line 1: the header row names column 2 a second time',
    );
  });
});

describe('gzip', () => {
  const lines = `{"email":"a@b.example","hash":null}\n`.repeat(3);

  it.each([1, 10, 65_536])('is known by its first bytes, in pieces of %i', async (size) => {
    expect((await read(gzipSync(lines), { size })).users).toHaveLength(3);
    const twice = Buffer.concat([gzipSync(`${header}\na@b.example,,\n`), gzipSync('c@d.example,,\n')]);
    expect((await read(twice, { size })).users).toHaveLength(2);
  });

  it('that is cut or damaged ends the file', async () => {
    const packed = gzipSync(lines.repeat(2_000));
    expect(await read(packed.subarray(0, -20))).toMatchObject({ isBroken: true });
    packed[40] = (packed[40] ?? 0) ^ 0xff;
    expect(await read(packed)).toMatchObject({ isBroken: true });
  });

  it('that grows without end is refused after a part of it', async () => {
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, 0x20));
    const seen = await read(bomb);
    expect(seen.ended).toMatch(/^the file is no export: its gzip grows to more than 200 times its size \(seen after 1/);
  });
});

describe('a JSON document', () => {
  const users = [
    { localId: 'a"}{[', email: 'a@b.example', deep: { users: [{}, ['}']] } },
    { localId: 'b\\', email: 'é@b.example' },
  ];
  const documents: [string, string, ProductName][] = [
    ['in one line', JSON.stringify({ kind: 'x"users":[', users, more: [{ users: [1] }] }), 'firebase'],
    ['over lines', JSON.stringify({ a: { users: [1] }, users }, null, 2), 'firebase'],
    ['that is an array', JSON.stringify(users, null, 1), 'auth0'],
  ];

  it.each(documents)('%s gives its users, however it is cut', async (_name, text, from) => {
    for (const size of [1, 3, 65_536]) {
      expect(await read(text, { from, size })).toEqual({ form: 'document', users, faults: [] });
    }
  });

  it.each(documents)('%s is no whole file when it ends before', async (_name, text, from) => {
    for (let length = 1; length < text.length; length += 3) {
      expect((await read(text.slice(0, length), { from })).ended ?? 'none', text.slice(0, length)).not.toBe('none');
    }
  });

  it('is refused where it has no users, or something else among them', async () => {
    expect((await read('{"user":\n[]}', { from: 'firebase' })).ended).toBe(
      'the file has no array "users" in one JSON object',
    );
    expect((await read('[{}, 7]', { from: 'auth0' })).ended).toBe('user 2 is not a JSON object');
    const long = JSON.stringify([{ a: 'x'.repeat(2_000_000) }, { email: 'a@b.example' }]);
    expect(await read(long, { from: 'auth0', size: 50_000 })).toMatchObject({
      faults: ['1: is longer than 1048576 bytes'],
      users: [{ email: 'a@b.example' }],
    });
  });
});

it('a line of JSON that the file cuts off says so', async () => {
  const { users, faults } = await read('{"email":"a@b.example","hash":null}\n{"email":"c@d.exam');
  expect(users).toHaveLength(1);
  expect(faults).toEqual(['2: is not a JSON object: the file ends in the middle of this line']);
});
