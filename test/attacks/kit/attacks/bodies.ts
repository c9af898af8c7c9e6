import { gzipSync } from 'node:zlib';
import { documents, json } from '../../attack.js';
import type { Attack } from '../attack.js';
import { expectRefused } from '../refusal.js';
import { isStage, type Target } from '../target.js';

const request = (target: Target) => ({
  query: documents.requestPasswordReset,
  variables: { input: { email: target.address() } },
});
const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

const batches: Attack = {
  ids: ['G-03', 'V-20'],
  title: 'several operations in one array',
  needs: 'url',
  run: async (target, findings) => {
    for (const count of [0, 1, 2, 10, 40, 1_000]) {
      const batch = many(count, () => request(target));
      await expectRefused(findings, `${count} requests`, () => target.stranger().post(batch));
      await expectRefused(findings, `${count} queries`, () =>
        target.stranger().post(batch.map(() => ({ query: '{ __typename }' }))),
      );
    }
    for (const [name, body] of [
      ['an array in an array', [[request(target)]]],
      ['an object like an array', { 0: request(target), length: 1 }],
      ['an array as the query', { ...request(target), query: [documents.signIn] }],
      ['an array as the variables', { ...request(target), variables: [request(target).variables] }],
    ] as const) {
      await expectRefused(findings, name, () => target.stranger().post(body));
    }
    return 'every array was refused';
  },
};

const large: Attack = {
  ids: ['G-14'],
  title: 'huge, compressed and endless bodies',
  needs: 'url',
  run: async (target, findings) => {
    const legal = JSON.stringify(request(target));
    const memory = await memoryOf(target);
    for (const bytes of [17_000, 100_000, 1_000_000, ...(target.isFull ? [100_000_000] : [10_000_000])]) {
      // The server may close while the rest is still being sent.
      const answer = await target
        .stranger()
        .post(legal.padEnd(bytes, ' '))
        .catch((error: Error) => error.message);
      const isRefused = typeof answer === 'string' ? /EPIPE|ECONNRESET/.test(answer) : answer.status === 413;
      findings.note(`${bytes} bytes`, isRefused, answer);
    }
    const chunks = [legal.slice(0, -1), ...many(200, () => ' '.repeat(1_024)), '}'];
    const chunked = await target.stranger().send({ headers: json, body: chunks });
    findings.expect('chunks without a length', chunked.status, 413);
    for (const encoding of ['gzip', 'deflate', 'br', 'zstd', 'identity', 'x-gzip']) {
      const body = gzipSync(legal.padEnd(10_000_000, ' '));
      const headers = { ...json, 'content-encoding': encoding };
      await expectRefused(
        findings,
        `a bomb in ${encoding}`,
        () => target.stranger().send({ headers, body }),
        [413, 415],
      );
    }
    const after = await memoryOf(target);
    if (memory !== undefined && after !== undefined)
      findings.note('memory of the APIs', after - memory < 100, `${memory} MiB, then ${after} MiB`);
    return '413 for what is too large, 415 for what is compressed';
  },
};

/** MiB that the APIs of our own have in memory together. */
async function memoryOf(target: Target): Promise<number | undefined> {
  return isStage(target) ? target.residentMiB() : undefined;
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

const variables: Attack = {
  ids: ['G-15'],
  title: 'huge and deep variables',
  needs: 'url',
  run: async (target, findings) => {
    const { query } = request(target);
    for (const [name, body] of [
      ['100,000 keys', { query: '{ __typename }', variables: Object.fromEntries(many(100_000, (i) => [`v${i}`, 1])) }],
      ['a megabyte in an unused one', { query: '{ __typename }', variables: { x: 'x'.repeat(1_000_000) } }],
      ['lists 7,000 deep', `{"query":"${query}","variables":{"input":${'['.repeat(7_000)}${']'.repeat(7_000)}}}`],
      [
        'objects 2,000 deep',
        `{"query":"${query}","variables":{"input":${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}}}`,
      ],
      ['a deep value for a text', { query, variables: { input: { email: many(500, () => [[]]) } } }],
      ['text', { query, variables: JSON.stringify(request(target).variables) }],
      ['a number', { query, variables: 5 }],
    ] as const) {
      await expectRefused(findings, name, () => target.stranger().post(body));
    }
    return 'refused by size or shape';
  },
};

const persisted: Attack = {
  ids: ['G-16'],
  title: 'filling and poisoning a store of documents',
  needs: 'url',
  run: async (target, findings) => {
    const hash = (index: number) => index.toString(16).padStart(64, '0');
    for (const [name, body] of [
      ['a hash alone', { extensions: { persistedQuery: { version: 1, sha256Hash: hash(1) } } }],
      [
        'a hash of another text',
        { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: hash(2) } } },
      ],
      ['a hash that is no text', { extensions: { persistedQuery: { version: 1, sha256Hash: { $ne: '' } } } }],
      ['no shape', { extensions: { persistedQuery: [] } }],
      ['another version', { extensions: { persistedQuery: { version: 9, sha256Hash: hash(3) } } }],
      ['an id', { id: hash(4) }],
      ['a document id', { documentId: `sha256:${hash(5)}` }],
    ] as const) {
      await expectRefused(findings, name, () => target.stranger().post(body));
    }
    const caller = target.stranger();
    const quarter = target.isFull ? 10_000 : 125;
    const fields = many(20, (each) => `f${each}: __typename`).join(' ');
    // What the first half needs, a heap grows to under any load, and then it goes up and down. What is kept lifts the least
    // of a quarter: 20 fields are some 40 kB as a tree, 400 MiB in a quarter.
    const least: number[] = [];
    let memory: number | undefined;
    for (const index of many(4 * quarter, (each) => each)) {
      const extensions = { persistedQuery: { version: 1, sha256Hash: hash(100 + index) } };
      const { status } = await caller.post({ query: `query Q${index} { ${fields} }`, extensions });
      if (!findings.note(`hash ${index}`, status === 400, status)) break;
      if (index % 100 === 99) memory = smaller(memory, await memoryOf(target));
      if (index % quarter === quarter - 1 && memory !== undefined) {
        least.push(memory);
        memory = undefined;
      }
    }
    const [, before, , after] = least;
    if (before !== undefined && after !== undefined)
      findings.note('memory of the APIs, the least of two quarters', after - before < 100, `${least.join(', ')} MiB`);
    return 'nothing is kept by its hash';
  },
};

export const bodies: readonly Attack[] = [batches, large, variables, persisted];
