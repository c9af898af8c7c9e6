import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFaketime } from '../support/moved-clock.js';
import { hasRedisServer } from '../support/stores.js';
import { type Day, startDay } from './day.js';

const [minute, hour] = [60, 3_600];
const step = 15 * minute;
const password = 'the password that gets lost';
/** The owner who uses no link until the last one of the day. */
const absent = 'absent@a.example';
/** The owner who asks with a device token and loses the mails. */
const forgetful = 'forgetful@b.example';
/** Owners who use the newest link each time: one with a device token, one without. */
const [known, unknown] = ['known@c.example', 'unknown@d.example'];
const owners = [absent, forgetful, known, unknown];
/** The owner whose mailbox no longer exists. */
const gone = 'gone@e.example';
/** When owners ask. Just before the third time strangers have asked many times. */
const visits = [8 * hour, 13 * hour, 15 * hour, 19 * hour, 23.5 * hour];
const burst = 15 * hour;

describe.skipIf(!hasFaketime || !hasRedisServer)(
  "a stranger's worst day (needs faketime and a redis-server on PATH)",
  () => {
    let day: Day;
    /** By owner, in the order of the visits: the mails of the owner's own request, and what the newest link led to. */
    const seen: Record<string, string[]> = {};
    /** At each step, for the owner who uses no link: whether the newest works, and until when a mail asks to be kept. */
    const looks: { at: number; link: string; keepUntil: number; isSuppressed: boolean }[] = [];
    const devices: Record<string, string | null | undefined> = {};
    const laptop = { before: [] as string[], after: [] as string[] };
    let asked = 0;

    /** A request from a network that never asked before. */
    const askAsStranger = async (email: string) => {
      const network = asked++;
      const stranger = day.from(`${11 + Math.floor(network / 200)}.${network % 200}.7.7`);
      const answer = await stranger.requestPasswordReset({ email });
      if (answer.__typename !== 'PasswordResetRequested') throw new Error(answer.__typename);
    };
    const look = async (key: string) => {
      const answer = await day.from('198.51.100.1').passwordResetKey(key);
      return answer.__typename === 'InvalidResetKey' ? answer.reason : answer.__typename;
    };
    const signIn = async (email: string, text: string, host = '192.0.2.99') =>
      day.from(host).signIn({ email, password: text });

    async function visit(email: string, at: number, uses: boolean): Promise<void> {
      const device = devices[email] ?? null;
      const home = day.from(device ? '198.51.100.1' : '192.0.2.1');
      const had = day.mailsOf(email).length;
      await home.requestPasswordReset({ email, device });
      await day.settled();
      const mails = day.mailsOf(email).length - had;
      const key = day.mailsOf(email).at(-1)?.key ?? '';
      seen[email] ??= [];
      if (!uses) return void seen[email].push(`${mails} ${await look(key)}`);
      const renewed = `a quite new password ${at}`;
      const reset = await home.resetPassword({ key, password: renewed });
      if (device && reset.__typename === 'PasswordResetCompleted') devices[email] = reset.device;
      seen[email].push(`${mails} ${reset.__typename}`);
      laptop.after.push((await signIn(email, renewed)).__typename);
    }

    beforeAll(async () => {
      day = await startDay(gone);
      await Promise.all([...owners, gone].map((email) => day.latchkey.signUp(email, password)));
      for (const email of [forgetful, known]) {
        const answer = await signIn(email, password, '198.51.100.1');
        if (answer.__typename === 'SignedIn') devices[email] = answer.device;
      }
      for (const email of [known, unknown]) {
        for (let each = 1; each <= 3; each++) await signIn(email, 'wrong horse battery', `203.0.113.${each}`);
        laptop.before.push((await signIn(email, password)).__typename);
      }
      for (let round = 0; round < 15; round++) {
        await Promise.all([gone, gone].map(askAsStranger));
        await day.settled();
      }
      for (let at = 0; at < 24 * hour; at += step) {
        await day.clock.moveTo(at);
        // Two at the same time, so that the last mail of the budget can come before another.
        const strangers = at % (6 * hour) < 2 * hour ? [...owners, absent] : owners;
        const expected = day.mailsOf(absent).length + strangers.filter((email) => email === absent).length;
        for (let round = 0; round < (at === burst ? 6 : 1); round++) {
          await Promise.all(strangers.map(askAsStranger));
          await day.settled();
        }
        const mails = day.mailsOf(absent);
        const keepUntil = Math.max(...mails.map((mail) => mail.keepUntil ?? 0));
        looks.push({ at, link: await look(mails.at(-1)?.key ?? ''), keepUntil, isSuppressed: mails.length < expected });
        if (!visits.includes(at)) continue;
        for (const email of [forgetful, known, unknown]) await visit(email, at, email !== forgetful);
      }
      await visit(absent, 24 * hour, true);
    }, 300_000);
    afterAll(() => day?.end());

    const minutesOf = (email: string) => day.mailsOf(email).map(({ at }) => at / minute);
    /** Mails: five in six hours, and one for a network that used none of them. */
    const mostOfSixHours = [0, 15, 30, 45, 60, 75];
    const mostOfDay = [0, 6, 12, 18].flatMap((hours) => mostOfSixHours.map((each) => hours * 60 + each));

    it('sends 24 mails to a mailbox that nobody opens, the first six within 75 minutes, and again every six hours', () => {
      // The same number, two at a time.
      const inPairs = [0, 6, 12, 18].flatMap((hours) => [0, 0, 15, 15, 60, 60].map((each) => hours * 60 + each));
      expect(minutesOf(absent)).toEqual(inPairs);
      expect(minutesOf(forgetful).filter((at) => mostOfDay.includes(at))).toEqual(mostOfDay);
    });

    it("sends the owner's own device three more", () => {
      const own = minutesOf(forgetful).filter((at) => !mostOfDay.includes(at));
      expect(own).toEqual([8 * 60, 15 * 60, 23.5 * 60]);
    });

    it('leaves a link that works at any time, in the newest mail, and a mail that says until when', () => {
      expect(looks.map(({ link }) => link)).toEqual(looks.map(() => 'ResetKeyValid'));
      const suppressed = looks.filter(({ isSuppressed }) => isSuppressed);
      expect(suppressed.length).toBeGreaterThan(80);
      for (const { at, keepUntil } of suppressed) {
        expect(keepUntil).toBeGreaterThan(at);
        expect(keepUntil - at).toBeLessThanOrEqual(6 * hour);
      }
    });

    it('lets the owner in by the newest link whenever the owner asks, with a known device and without', () => {
      const completed = (mails: number) => visits.map(() => `${mails} PasswordResetCompleted`);
      // A reset begins a new budget, and with it a new place for the device.
      expect(seen[known]).toEqual(completed(1));
      expect(seen[unknown]).toEqual(completed(0));
      expect(seen[absent]).toEqual(['0 PasswordResetCompleted']);
      expect([day.mailsOf(known).length, day.mailsOf(unknown).length]).toEqual([42, 37]);
      expect(seen[forgetful]).toEqual([1, 0, 1, 0, 1].map((mails) => `${mails} ResetKeyValid`));
    });

    it("opens the laptop's sign-in again, which strangers had closed", () => {
      expect(laptop.before).toEqual(['InvalidCredentials', 'InvalidCredentials']);
      expect(laptop.after).toEqual(Array(11).fill('SignedIn'));
    });

    it('hands few mails over to a mailbox that is gone: of 30 requests three, and one for a network', async () => {
      const dead = `select 1 from job where name = 'password-reset-request-dead'`;
      expect([day.refused.length, (await day.database.query(dead)).length]).toEqual([4, 4]);
    });
  },
);
