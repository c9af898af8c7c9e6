import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { expect, it } from 'vitest';
import { DialogueTimes } from '../../src/mail/dialogue-times.js';

/** Dialogue times whose Redis is away, so that they stay in memory. */
async function timesOf(lengths: readonly number[]): Promise<DialogueTimes> {
  const away = () => Promise.reject(new Error('away'));
  const times = new DialogueTimes({ hmget: away, hset: away } as unknown as Redis, (domain) => domain, 60_000);
  for (const length of lengths) times.note('known.example', length);
  await times.written();
  return times;
}

it.each([
  ['one dialogue', [72], 72],
  ['dialogues of one length', Array(16).fill(300), 300],
  ['one that took very long', [4_000, ...Array(14).fill(72), 90], 90],
  ['four that took very long', [...Array(12).fill(72), ...Array(4).fill(4_000)], 108],
])(
  'a place is kept, after %s, as long as nine of ten, at most half as long again as the middle one',
  async (_after, lengths, usual) => {
    const times = await timesOf(lengths);
    expect(await times.draw('known.example')).toMatchObject({ usual });
    expect(await times.draw('other.example')).toMatchObject({ usual });
  },
);

it('without pseudonyms, counts as any domain, and what is noted afterwards is not lost', async () => {
  const away = () => Promise.reject(new Error('away'));
  let hasNames = false;
  const nameOf = (domain: string) => {
    if (!hasNames) throw new Error('the data key is not read yet');
    return domain;
  };
  const times = new DialogueTimes({ hmget: away, hset: away } as unknown as Redis, nameOf, 60_000);
  times.note('known.example', 72);
  await times.written();
  expect(await times.draw('known.example')).toMatchObject({ length: 72 });
  hasNames = true;
  times.note('known.example', 80);
  await times.written();
  expect(await times.draw('known.example')).toMatchObject({ length: 80, usual: 80 });
});

it('whatever the lengths, nine of ten are over by then, or it is half as long again as the middle one', async () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(lengths, async (noted) => {
      const usual = (await (await timesOf(noted)).draw('known.example'))?.usual ?? Number.NaN;
      const sorted = [...noted].sort((a, b) => a - b);
      const middle = sorted[Math.ceil((sorted.length - 1) / 2)] ?? Number.NaN;
      expect(usual).toBeGreaterThanOrEqual(middle);
      expect(usual).toBeLessThanOrEqual(Math.ceil(1.5 * middle));
      const longer = noted.filter((length) => length > usual).length;
      expect(longer <= noted.length / 10 || usual === Math.ceil(1.5 * middle)).toBe(true);
    }),
  );
});
