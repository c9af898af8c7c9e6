import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OriginTree } from '../../../src/http/connections/origin-tree.js';

const fill = (tree: OriginTree<string>, path: readonly string[], count: number) => {
  for (let n = 0; n < count; n++) tree.add(path, `${path.at(-1)}#${n}`);
};

it('names the client that has most, oldest first', () => {
  const tree = new OriginTree<string>();
  fill(tree, ['net', 'one'], 12);
  fill(tree, ['net', 'two'], 11);
  tree.renew(['net', 'one'], 'one#0');
  expect([...tree.busiest()].slice(0, 2)).toEqual(['one#1', 'one#2']);
  expect([...tree.busiest()].at(-1)).toBe('one#0');
});

it('names a client of the network that has most, where each has few', () => {
  const tree = new OriginTree<string>();
  fill(tree, ['honest', 'person'], 6);
  for (let n = 0; n < 20; n++) fill(tree, ['flood', `customer ${n % 4}`, `client ${n}`], n === 7 ? 3 : 2);
  expect([...tree.busiest()][0]).toMatch(/^client (?:3|7|11|15|19)#/);
  expect([...tree.busiest()][0]).toBe('client 7#0');
});

it('is empty again when all have gone, whatever came in between', () => {
  const path = fc.constantFrom(['a', 'a1'], ['a', 'a2'], ['b', 'b', 'b1'], ['c']);
  fc.assert(
    fc.property(fc.array(fc.tuple(path, fc.nat(5)), { maxLength: 60 }), (steps) => {
      const tree = new OriginTree<string>();
      const inside = new Map<string, readonly string[]>();
      for (const [where, n] of steps) {
        const item = `${where.at(-1)}#${n}`;
        if (inside.delete(item)) tree.delete(where, item);
        else {
          tree.add(where, item);
          inside.set(item, where);
        }
        expect(tree.count).toBe(inside.size);
        expect([...tree].sort()).toEqual([...inside.keys()].sort());
        expect(tree.busiest().size > 0).toBe(inside.size > 0);
      }
      for (const [item, where] of inside) tree.delete(where, item);
      expect([tree.count, [...tree], tree.busiest().size]).toEqual([0, [], 0]);
    }),
  );
});
