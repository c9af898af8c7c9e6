import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GroupWriter } from '../../src/jobs/group-writer.js';

describe('what is written at the same time', () => {
  it('is written immediately and alone at rest, and together under load', async () => {
    const groups: number[][] = [];
    const gates: PromiseWithResolvers<void>[] = [];
    const writer = new GroupWriter<number>(
      async (items) => {
        groups.push(items);
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        await gate.promise;
      },
      { groups: 2, items: 3, waiting: 5 },
    );
    const written = [1, 2, 3, 4, 5, 6, 7].map((item) => writer.write(item));
    expect(groups).toEqual([[1], [2]]);
    gates[0]?.resolve();
    await written[0];
    expect(groups).toEqual([[1], [2], [3, 4, 5]]);
    for (const gate of gates) gate.resolve();
    await Promise.all([written[1], written[3]]);
    expect(groups.at(-1)).toEqual([6, 7]);
    for (const gate of gates) gate.resolve();
    await Promise.all(written);
  });

  it('begins a second group beside one that hangs, once its patience is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const groups: number[][] = [];
    const gates: PromiseWithResolvers<void>[] = [];
    const writer = new GroupWriter<number>(
      (items) => {
        groups.push(items);
        gates.push(Promise.withResolvers());
        return gates.at(-1)?.promise ?? Promise.resolve();
      },
      { groups: 2, items: 9, waiting: 9, patience: 50 },
    );
    const written = [1, 2, 3].map((item) => writer.write(item));
    gates[0]?.resolve();
    await written[0];
    expect(groups).toEqual([[1], [2, 3]]);
    written.push(writer.write(4));
    await vi.advanceTimersByTimeAsync(49);
    written.push(writer.write(5));
    expect(groups).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(groups).toEqual([[1], [2, 3], [4, 5]]);
    gates[2]?.resolve();
    await written[4];
    // The group that hangs counts: the next one waits for its patience again, or for the end.
    written.push(writer.write(6));
    expect(groups).toHaveLength(3);
    gates[1]?.resolve();
    await written[2];
    expect(groups.at(-1)).toEqual([6]);
    gates[3]?.resolve();
    await Promise.all(written);
    await vi.advanceTimersByTimeAsync(100);
    expect(groups).toHaveLength(4);
  });

  it('fails for every item of the group and every waiting one, and goes on with later ones', async () => {
    const groups: number[][] = [];
    let away = true;
    const writer = new GroupWriter<number>(
      async (items) => {
        groups.push(items);
        await Promise.resolve();
        if (away) throw new Error('away');
      },
      { groups: 1, items: 10, waiting: 10 },
    );
    const results = await Promise.allSettled([1, 2, 3].map((item) => writer.write(item)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(groups).toEqual([[1]]);
    away = false;
    await writer.write(4);
    expect(groups.at(-1)).toEqual([4]);
  });

  it('refuses items beyond the bound immediately, and forgets none that waits', async () => {
    const gate = Promise.withResolvers<void>();
    const written: number[] = [];
    const writer = new GroupWriter<number>(
      async (items) => {
        await gate.promise;
        written.push(...items);
      },
      { groups: 1, items: 2, waiting: 3 },
    );
    const accepted = [1, 2, 3, 4].map((item) => writer.write(item));
    await expect(writer.write(5)).rejects.toMatchObject({ name: 'Unavailable', part: 'postgres' });
    gate.resolve();
    await Promise.all(accepted);
    await writer.write(6);
    expect(written).toEqual([1, 2, 3, 4, 6]);
  });

  it('reports an item as written exactly if it was, and writes each once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 5 }),
        async (failures, groups, items) => {
          const stored: number[] = [];
          let call = 0;
          const writer = new GroupWriter<number>(
            async (group) => {
              await Promise.resolve();
              if (failures[call++]) throw new Error('away');
              stored.push(...group);
            },
            { groups, items, waiting: 40 },
          );
          const results = await Promise.allSettled(Array.from({ length: 40 }, (_, item) => writer.write(item)));
          const told = results.flatMap(({ status }, item) => (status === 'fulfilled' ? [item] : []));
          expect([...stored].sort((one, other) => one - other)).toEqual(told);
        },
      ),
    );
  });
});
