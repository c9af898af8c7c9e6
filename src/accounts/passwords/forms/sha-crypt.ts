import { isEqual, randomCrypt } from './encodings.js';
import { always, beginsWith, type Family, part, refused } from './reading.js';

const pattern = /^\$([56])\$(?:rounds=([1-9]\d{3,8})\$)?([./A-Za-z0-9]{1,16})\$([./A-Za-z0-9]+)$/;
/** The last characters have unused bits, which are zero. */
const digests = { 5: /^.{42}[./0-9A-D]$/, 6: /^.{85}[./01]$/ } as const;
/** Where a hash does not say it (U. Drepper, "Unix crypt using SHA-256 and SHA-512", 2007). */
const usualRounds = 5_000;

/** crypt(3) with SHA-256 (`$5$`) and SHA-512 (`$6$`). */
export const shaCryptFamily: Family = {
  algorithms: ['sha256-crypt', 'sha512-crypt'],
  begins: /^\$[56]\$/,
  read(text) {
    const [, mark, rounds = String(usualRounds), salt = '', digest = ''] = pattern.exec(text) ?? [];
    if ((mark !== '5' && mark !== '6') || !digests[mark].test(digest)) {
      return refused('SHA-crypt hash is not rounds of 1000 or more, up to 16 characters of salt and a digest');
    }
    const algorithm = mark === '5' ? 'sha256-crypt' : 'sha512-crypt';
    return {
      kind: 'accepted',
      hash: text,
      form: { algorithm, rounds: Number(rounds), saltLength: salt.length },
      readsWhole: always,
      opens: async (password, { thread }) => {
        const made = await thread.run({ algorithm, password, salt, rounds: Number(rounds) });
        return isEqual(Buffer.from(made), Buffer.from(digest));
      },
    };
  },
  beginsInSql: (hash) => beginsWith(hash, '$5$', '$6$'),
  namesInSql: (hash) => {
    const [kind, third, fourth, fifth] = [2, 3, 4, 5].map((at) => part(hash, '$', at));
    const saltAndDigest = '[./A-Za-z0-9]+[$][./A-Za-z0-9]+';
    const digestIs = (digest: string) => `length(${digest}) = case ${kind} when '5' then 43 else 86 end`;
    const name = (rounds: string, salt: string) =>
      `case ${kind} when '5' then 'sha256-crypt ' else 'sha512-crypt ' end || ${rounds} || ',' || length(${salt})`;
    return [
      [
        `${hash} ~ '^[$][56][$]rounds=[0-9]+[$]${saltAndDigest}$' and ${digestIs(`${fifth}`)}`,
        name(`substr(${third}, 8)`, `${fourth}`),
      ],
      [`${hash} ~ '^[$][56][$]${saltAndDigest}$' and ${digestIs(`${fourth}`)}`, name(`'${usualRounds}'`, `${third}`)],
    ];
  },
  dummyOf(algorithm, parameters) {
    const [rounds, saltLength] = parameters.split(',');
    const [mark, digest] = algorithm === 'sha256-crypt' ? ['5', `${randomCrypt(42)}1`] : ['6', `${randomCrypt(85)}1`];
    return `$${mark}$rounds=${rounds}$${randomCrypt(Number(saltLength))}$${digest}`;
  },
};
