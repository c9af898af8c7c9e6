import { isEqual, randomCrypt } from './encodings.js';
import { always, beginsWith, type Family, refused } from './reading.js';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The unused bits of the last character are zero. */
const pattern = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{21}[./01])$/;

/** The "portable" hashes of phpass (Openwall): `$P$` of WordPress before 6.8, `$H$` of phpBB. */
export const phpassFamily: Family = {
  algorithms: ['phpass'],
  begins: /^\$[PH]\$/,
  read(text) {
    const [, mark = '', salt = '', digest = ''] = pattern.exec(text) ?? [];
    const cost = alphabet.indexOf(mark);
    if (digest === '') return refused('phpass hash is not a cost, 8 characters of salt and 22 of digest');
    if (cost < 7 || cost > 30) return refused('phpass cost is not 7 to 30');
    return {
      kind: 'accepted',
      hash: text,
      form: { algorithm: 'phpass', cost },
      readsWhole: always,
      opens: async (password, { thread }) => {
        const made = await thread.run({ algorithm: 'phpass', password, salt, rounds: 2 ** cost });
        return isEqual(Buffer.from(made), Buffer.from(digest));
      },
    };
  },
  beginsInSql: (hash) => beginsWith(hash, '$P$', '$H$'),
  namesInSql: (hash) => [
    [
      `length(${hash}) = 34 and ${hash} ~ '^[$][PH][$][./0-9A-Za-z]+$'`,
      `'phpass ' || strpos('${alphabet}', substr(${hash}, 4, 1)) - 1`,
    ],
  ],
  dummyOf: (_algorithm, cost) => `$P$${alphabet.charAt(Number(cost))}${randomCrypt(8)}${randomCrypt(21)}1`,
};
