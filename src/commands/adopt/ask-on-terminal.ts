import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { type Ask, OpenChoice } from './open-choice.js';

/** Asks on a terminal: by number, or by what is typed. */
export const askOnTerminal =
  (input: Readable, output: Writable): Ask =>
  async (question) => {
    const { about, candidates } = question;
    const line = createInterface({ input, output });
    try {
      candidates.forEach((each, index) => {
        output.write(`  ${index + 1}  ${each}\n`);
      });
      const answer = await new Promise<string>((resolve) => {
        // Without an answer when the input ends.
        line.once('close', () => resolve(''));
        void line.question(`${about}: `).then(resolve, () => resolve(''));
      });
      const text = answer.trim();
      const chosen = candidates[Number(text) - 1] ?? text;
      if (chosen === '') throw new OpenChoice(question);
      return chosen;
    } finally {
      line.close();
    }
  };
