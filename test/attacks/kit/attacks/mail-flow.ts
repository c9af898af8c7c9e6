import { setTimeout as sleep } from 'node:timers/promises';
import { startSmtpSink } from '../../../support/smtp-sink.js';
import type { Attack } from '../attack.js';
import { noticesTo, tokenOf } from '../owner.js';
import { keyOf, password } from '../stage.js';

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
const bomb: Attack = {
  ids: ['V-22', 'A4'],
  title: 'a flood of requests for one owner, from many networks',
  needs: 'stage',
  run: async (stage, findings) => {
    const [victim, other] = [await stage.account(), await stage.account()];
    const count = stage.isFull ? 8_000 : 150;
    for (let start = 0; start < count; start += 50) {
      await Promise.all(many(50, () => stage.stranger().client.requestPasswordReset({ email: victim.email })));
    }
    findings.tried += count - 1;
    await stage.stranger().client.requestPasswordReset({ email: other.email });
    const begun = performance.now();
    await stage.inbox.waitFor(({ envelope }) => envelope.to.includes(other.email), 60_000);
    const seconds = (performance.now() - begun) / 1_000;
    findings.note('another owner’s mail', seconds < 30, `after ${seconds} s`);
    await stage.settled(120_000);
    const mails = stage.mailsTo(victim.email);
    findings.note('mails to the one', mails.length >= 3 && mails.length <= 5, mails.length);
    const jobs = await stage.database.query<{ state: string }>(
      `select distinct state::text as state from job where data ->> 'email' = $1`,
      [victim.email],
    );
    findings.expect(
      'states of the jobs',
      jobs.map(({ state }) => state),
      ['completed'],
    );
    const last = mails.at(-1);
    const look = await stage.stranger().client.passwordResetKey(last ? keyOf(last) : '');
    findings.expect('the key of the last mail', look.__typename, 'ResetKeyValid');
    return `${mails.length} mails for ${count} requests; another owner’s came after ${seconds.toFixed(1)} s`;
  },
};

const budget: Attack = {
  ids: ['A5', 'V-22'],
  title: 'using up an owner’s mails, changes and links',
  needs: 'stage',
  run: async (stage, findings) => {
    const { email } = await stage.account();
    for (let count = 0; count < 8; count++) {
      await stage.stranger().client.requestPasswordReset({ email });
      await stage.settled();
    }
    const lives = await Promise.all(
      stage.mailsTo(email).map(async (mail) => {
        const look = await stage.stranger().client.passwordResetKey(keyOf(mail));
        return look.__typename === 'ResetKeyValid'
          ? (Date.parse(look.expiresAt) - mail.receivedAt.getTime()) / 1_000
          : 0;
      }),
    );
    findings.note(
      'a link that lives until the budget refills',
      Math.max(...lives) > 3_580 && Math.max(...lives) <= 86_400,
      lives,
    );
    findings.note(
      'every link',
      lives.every((life) => life > 3_400),
      lives,
    );
    const owner = await stage.account();
    let current = password;
    let token = await tokenOf(stage, owner.email);
    const kinds: string[] = [];
    for (let count = 0; count < 7; count++) {
      const next = `changed by whoever, time ${count}`;
      const result = await stage.stranger().as(token).changePassword({ currentPassword: current, newPassword: next });
      kinds.push(result.__typename);
      if (result.__typename !== 'PasswordChanged') continue;
      token = result.accessToken;
      current = next;
    }
    findings.expect('changes in an hour', kinds.filter((kind) => kind === 'PasswordChanged').length, 5);
    await stage.settled();
    const notices = noticesTo(stage, owner.email).length;
    findings.note('their notices', notices >= 1 && notices <= 5, notices);
    await stage.beside({ settings: { RESET_KEY_TTL: '600' } }, async (short) => {
      const look = await short.stranger().client.passwordResetKey((await short.withKey()).key);
      const seconds = look.__typename === 'ResetKeyValid' ? (Date.parse(look.expiresAt) - Date.now()) / 1_000 : 0;
      findings.note('RESET_KEY_TTL=600', seconds > 500 && seconds < 602, seconds);
    });
    const sink = await startSmtpSink(async (at) =>
      at === 'RCPT' ? { code: 550, text: '5.1.1 no such mailbox' } : undefined,
    );
    await stage
      .beside({ smtp: sink.url }, async (dead) => {
        const gone = await dead.account();
        for (let count = 0; count < 20; count++) {
          await dead.stranger().client.requestPasswordReset({ email: gone.email });
          if (count < 6) await dead.settled().catch(() => undefined);
        }
        await sleep(1_000);
        findings.note('tries for a mailbox that is dead', sink.seen.RCPT >= 1 && sink.seen.RCPT <= 8, sink.seen.RCPT);
      })
      .finally(sink.stop);
    return 'the last link lives until the next one; five changes an hour; few tries for a dead mailbox';
  },
};

export const mailFlow: readonly Attack[] = [bomb, budget];
