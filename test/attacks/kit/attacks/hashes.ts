import argon2 from 'argon2';
import bcrypt from 'bcrypt';
import { eventually } from '../../../support/eventually.js';
import { Latchkey, main } from '../../../support/processes.js';
import type { Attack } from '../attack.js';
import { opens, signIn } from '../owner.js';
import { newPassword, password, type Stage } from '../stage.js';

const hashOf = async (stage: Stage, email: string) =>
  (
    await stage.database.query<{ hash: string }>('select password_hash as hash from account where email = $1', [email])
  )[0]?.hash ?? '';

const renewed: Attack = {
  ids: ['C13'],
  title: 'foreign hashes that are renewed to something weaker or other',
  needs: 'stage',
  run: async (stage, findings) => {
    const long = 'a password of eighty characters, of which bcrypt reads seventy-two bytes only...';
    findings.expect('its length', long.length, 80);
    const [cutHash, shortHash] = await Promise.all([bcrypt.hash(long, 6), bcrypt.hash(password, 6)]);
    const strongHash = (await argon2.hash(password, { memoryCost: 65_536, timeCost: 3, parallelism: 4 })).replace(
      'm=65536,p=4,t=3',
      'm=65536,t=3,p=4',
    );
    const cut = await stage.account(undefined, cutHash);
    const strong = await stage.account(undefined, strongHash);
    const short = await stage.account(undefined, shortHash);
    await signIn(stage, { email: cut.email, password: `${long.slice(0, 72)}and others` });
    findings.expect('bcrypt, its own words', await opens(stage, cut.email, long), true);
    findings.expect('argon2id of 64 MiB', await opens(stage, strong.email, password), true);
    findings.expect('bcrypt, a short one', await opens(stage, short.email, password), true);
    // A hash is renewed after the answer: the others would have been renewed before this one.
    const last = await eventually(
      () => hashOf(stage, short.email),
      (hash) => hash !== shortHash,
      20_000,
    ).catch(() => shortHash);
    findings.note('the short one renewed', /^\$argon2id\$v=19\$m=(?:19456|\d{6,}),/.test(last), last);
    findings.expect('bcrypt after other words behind byte 72', await hashOf(stage, cut.email), cutHash);
    findings.expect('argon2id of 64 MiB afterwards', await hashOf(stage, strong.email), strongHash);
    return 'renewed only where the whole password was read and no parameter is weaker';
  },
};

const expensive: Attack = {
  ids: ['C12'],
  title: 'hashes that cost more than a server has',
  needs: 'stage',
  run: async (stage, findings) => {
    const rest = '$c2FsdHNhbHRzYWx0$QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY';
    const blowfish = (form: string) => `${form}$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW`;
    const refused = [
      `$argon2id$v=19$m=1048576,t=20,p=1${rest}`,
      `$argon2id$v=19$m=4294967295,t=1,p=1${rest}`,
      `$argon2id$v=19$m=65536,t=4294967295,p=1${rest}`,
      `$argon2id$v=19$m=262145,t=1,p=1${rest}`,
      blowfish('$2b$15'),
      blowfish('$2b$16'),
      blowfish('$2b$31'),
      blowfish('$2y$99'),
      'plain text',
      '',
    ];
    const taken = [blowfish('$2b$12'), blowfish('$2y$10'), `$argon2id$v=19$m=65536,t=4,p=1${rest}`];
    const emails = [...refused, ...taken].map(() => stage.address());
    const command = Latchkey.of(main, ['account', 'import', '-'], { settings: stage.settings, hasInput: true });
    const lines = [...refused, ...taken].map((hash, index) => JSON.stringify({ email: emails[index], hash }));
    command.input.end(`${lines.join('\n')}\n`);
    const { code, output, errors } = await command.ended;
    findings.note('the import', code === 2, `${code} ${output} ${errors}`);
    for (const [index, hash] of [...refused, ...taken].entries()) {
      const rows = await stage.database.query('select 1 from account where email = $1', [emails[index]]);
      findings.expect(hash.slice(0, 40), rows.length, index < refused.length ? 0 : 1);
    }
    // One that is within the bounds, and takes about a second: its owner's lane is not that of the others.
    const slow = await stage.account(undefined, await bcrypt.hash(password, 13));
    const [owner, resetter] = [await stage.account(), await stage.withKey()];
    const crowd = Array.from({ length: 12 }, () =>
      signIn(stage, { email: slow.email, password: 'wrong words' }).catch(String),
    );
    const [signedIn, reset] = await Promise.all([
      signIn(stage, owner),
      stage.stranger().client.resetPassword({ key: resetter.key, password: newPassword }),
    ]);
    findings.expect('a sign-in meanwhile', signedIn.__typename, 'SignedIn');
    findings.expect('a reset meanwhile', reset.__typename, 'PasswordResetCompleted');
    await Promise.all(crowd);
    return 'refused by their parameters; dear ones within the bounds hold up nobody else';
  },
};

export const hashes: readonly Attack[] = [renewed, expensive];
