import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../attack.js';
import { flood, signInCall } from '../flood.js';
import { signIn } from '../owner.js';
import { newPassword, password } from '../stage.js';

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));

const guessing: Attack = {
  ids: ['A3', 'V-40'],
  title: 'hashing kept busy by wrong sign-ins of many clients',
  needs: 'stage',
  run: async (stage, findings) => {
    const clients = stage.isFull ? 100 : 25;
    const owners = await Promise.all(many(6, () => stage.account()));
    const resetters = [await stage.withKey(), await stage.withKey()];
    const before = await stage.residentMiB();
    let isOver = false;
    const attackers = many(clients, async (index) => {
      const from = `${stage.network()}7`;
      const url = stage.urls[index % stage.urls.length] ?? '';
      while (!isOver) {
        const heard = await flood(url, from, 20, signInCall, 4);
        if (heard.TooManyRequests) return;
      }
    });
    await sleep(1_000);
    const peak = { memory: 0, health: 0, looks: 0 };
    const watch = (async () => {
      while (!isOver) {
        peak.memory = Math.max(peak.memory, await stage.residentMiB());
        peak.looks++;
        if ((await stage.stranger().get('/livez')).status === 200) peak.health++;
        await sleep(200);
      }
    })();
    const patiently = async (call: () => Promise<{ __typename: string }>) => {
      for (let tries = 1; ; tries++) {
        const kind = await call().then(({ __typename }) => __typename, String);
        if (!/TemporarilyUnavailable|unavailable/.test(kind) || tries === 5) return kind;
        await sleep(1_000);
      }
    };
    const [signIns, resets] = await Promise.all([
      Promise.all(owners.map((owner) => patiently(() => signIn(stage, owner)))),
      Promise.all(
        resetters.map(({ key }) =>
          patiently(() => stage.stranger().client.resetPassword({ key, password: newPassword })),
        ),
      ),
    ]);
    isOver = true;
    await Promise.all([...attackers, watch]);
    findings.expect(
      'people who sign in meanwhile',
      signIns,
      owners.map(() => 'SignedIn'),
    );
    findings.expect(
      'people who reset meanwhile',
      resets,
      resetters.map(() => 'PasswordResetCompleted'),
    );
    findings.expect('looks at the health', peak.health, peak.looks);
    // Two APIs; each hashes at most one password a core, with 19 MiB, and keeps some of what it freed.
    findings.note('memory of the APIs', peak.memory - before < 300, `${before} MiB, then ${peak.memory} MiB`);
    return `people got through beside ${clients} clients; memory rose by ${Math.max(0, peak.memory - before)} MiB`;
  },
};

const office: Attack = {
  ids: ['A3'],
  title: 'an office behind one address that signs in in the morning',
  needs: 'stage',
  run: async (stage, findings) => {
    const people = stage.isFull ? 200 : 60;
    const accounts = await Promise.all(many(people, () => stage.account()));
    const from = `${stage.network()}7`;
    const kinds: Record<string, number> = {};
    for (let start = 0; start < people; start += 4) {
      const group = accounts
        .slice(start, start + 4)
        .map(({ email }) => stage.stranger({ from }).client.signIn({ email, password }));
      for (const { __typename } of await Promise.all(group)) kinds[__typename] = (kinds[__typename] ?? 0) + 1;
    }
    findings.tried += people - 1;
    findings.expect('answers', kinds, { SignedIn: people });
    return `${people} people signed in from one address, none refused`;
  },
};

export const busy: readonly Attack[] = [guessing, office];
