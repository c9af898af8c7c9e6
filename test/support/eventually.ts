/** Asks every 50 ms until the answer is there. @throws Error with the last answer when `timeoutMs` have passed. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isThere: (answer: T) => boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms; last: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
