import { randomBytes } from 'node:crypto';
import argon2 from 'argon2';
import { answerCalls } from './child.js';
import { machineTime } from './process-figures.js';

const tasks = {
  /** Hashes for `seconds`, `concurrency` at a time. */
  async hash(input: { seconds: number; concurrency: number; memoryKib: number; timeCost: number }) {
    const options = { memoryCost: input.memoryKib, timeCost: input.timeCost, parallelism: 1, hashLength: 32 };
    let total = 0;
    const began = machineTime();
    const work = async () => {
      while (machineTime() - began < input.seconds * 1000) {
        await argon2.hash(randomBytes(16).toString('hex'), options);
        total++;
      }
    };
    await Promise.all(Array.from({ length: input.concurrency }, work));
    return { total, perSecond: (total * 1000) / (machineTime() - began) };
  },
};
export type BareHashTasks = typeof tasks;

answerCalls(tasks);
