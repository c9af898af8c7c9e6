import PostalMime from 'postal-mime';
import { createLatchkeyClient } from '../../schema/sdk/client.js';
import { DialogueTimes } from '../../src/mail/dialogue-times.js';
import { keyIn, startLatchkey } from '../support/latchkey.js';
import { MovedClock } from '../support/moved-clock.js';
import { OwnPostgres } from '../support/own-postgres.js';
import { startSingleIn } from '../support/redis-servers.js';
import { startSmtpSink } from '../support/smtp-sink.js';

/** A mail with a link. */
export interface DayMail {
  readonly to: string;
  /** Seconds of the day at which it came. */
  readonly at: number;
  readonly key: string;
  /** Seconds of the day until which the mail asks to be kept; undefined where it says "do nothing". */
  readonly keepUntil: number | undefined;
}

/**
 * A day of a whole Latchkey with the default limits, beginning at midnight. Only the clocks of PostgreSQL and Redis are
 * moved.
 */
export async function startDay(gone: string) {
  const clock = await MovedClock.start();
  const [database, redis] = await Promise.all([OwnPostgres.start({ env: clock.env }), startSingleIn(clock.env)]);
  const refusal = { code: 550, text: '5.1.1 no such user' };
  const refused: number[] = [];
  const sink = await startSmtpSink((stage, _count, to) => {
    if (stage !== 'RCPT' || to !== gone) return undefined;
    refused.push(clock.seconds);
    return refusal;
  });
  const latchkey = await startLatchkey({
    database,
    env: {
      REDIS_URL: redis.url,
      SMTP_URL: sink.url,
      TRUST_PROXY: '127.0.0.1',
      // Empty means the default; the limits of other tests are wider.
      LIMIT_RESET_PER_CLIENT: '',
      LIMIT_RESET_PER_NETWORK: '',
      LIMIT_RESET_PER_ACCOUNT: '',
      LIMIT_SIGN_IN_PER_ADDRESS: '3/86400',
    },
    // Places are held for 1 ms at most: other tests are about the hold, which would only make this one slower.
    overrides: { dialogueTimes: () => new DialogueTimes(redis.server.client, (domain) => domain, 1) },
  });
  const midnight = Date.now();
  const mails: DayMail[] = [];
  let read = 0;

  /** Waits until every request is settled, and reads their mails. */
  const settled = async () => {
    const waiting = `select count(*)::int as count from job where name = 'password-reset-request' and state < 'completed'`;
    while ((await database.query<{ count: number }>(waiting))[0]?.count !== 0)
      await new Promise((resolve) => setTimeout(resolve, 10));
    for (const raw of sink.taken.slice(read)) {
      const mail = await PostalMime.parse(raw);
      read++;
      const text = mail.text ?? '';
      if (!text.includes('#key=')) continue;
      const [, keep] = /^Keep this mail: its link is the only one until (.+?) UTC\./m.exec(text) ?? [];
      mails.push({
        to: mail.to?.[0]?.address ?? '',
        at: clock.seconds,
        key: keyIn({ text }),
        keepUntil: keep ? (Date.parse(`${keep.replace(' at ', ' ')} UTC`) - midnight) / 1_000 : undefined,
      });
    }
  };

  return {
    latchkey,
    database,
    clock,
    /** Seconds of the day at which the relay was asked to take a mail for the mailbox that does not exist. */
    refused,
    settled,
    /** The newest last. */
    mailsOf: (email: string) => mails.filter(({ to }) => to === email),
    /** A client with its own IP address, as a trusted proxy names it. */
    from: (address: string) => createLatchkeyClient({ url: latchkey.url, headers: { 'x-forwarded-for': address } }),
    async end() {
      await latchkey.close();
      // Stopped and not killed, because faketime would leave files in /dev/shm.
      await redis.server.kill('SIGTERM');
      await Promise.all([redis.stop(), sink.stop()]);
      await clock.remove();
    },
  };
}

export type Day = Awaited<ReturnType<typeof startDay>>;
