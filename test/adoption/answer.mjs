// How a program for Node answers the calls of ../program.ts.
import { createInterface } from 'node:readline';

/** Answers each line of the input by the call that it names, until the input ends. */
export async function answer(calls) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { call, ...values } = JSON.parse(line);
    let reply;
    try {
      reply = { value: (await calls[call](values)) ?? null };
    } catch (error) {
      reply = { error: String(error?.stack ?? error) };
    }
    process.stdout.write(`reply ${JSON.stringify(reply)}\n`);
  }
  process.exit(0);
}

/** A hash for each password, made once: users with one password share it. */
export function oncePerPassword(hash) {
  const made = new Map();
  return async (password) => {
    if (!made.has(password)) made.set(password, await hash(password));
    return made.get(password);
  };
}
