import PostalMime from 'postal-mime';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { keyIn, startLatchkey } from '../support/latchkey.js';
import { startSmtpSink } from '../support/smtp-sink.js';

const password = 'the password that gets lost';
const changed = 'a quite new password';
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

// Shows, V-35
it('a notice that the relay does not take is sent later, once, without the password; a refused reset has none', async () => {
  let isAway = false;
  const sink = await startSmtpSink((stage) =>
    isAway && stage === 'RCPT' ? { code: 451, text: '4.3.0 try again later' } : undefined,
  );
  const latchkey = await startLatchkey({ env: { SMTP_URL: sink.url } });
  stops.push(sink.stop, latchkey.close);
  await latchkey.signUp('alice@example.com', password);
  await latchkey.client.requestPasswordReset({ email: 'alice@example.com' });
  const [link = ''] = await eventually(
    async () => sink.taken,
    ({ length }) => length === 1,
  );
  const key = keyIn({ text: (await PostalMime.parse(link)).text ?? '' });
  const notices = () =>
    latchkey.database.query<{ state: string }>(`select state::text from job where name = 'credential-notice'`);

  isAway = true;
  await latchkey.client.resetPassword({ key, password: 'short' });
  await latchkey.client.resetPassword({ key: 'A'.repeat(43), password: changed });
  expect(await notices()).toEqual([]);
  await latchkey.client.resetPassword({ key, password: changed });
  await eventually(notices, ([job]) => job?.state === 'retry');
  expect(sink.taken).toHaveLength(1);

  isAway = false;
  await latchkey.database.query(`update job set start_after = now() where state = 'retry'`);
  await eventually(notices, ([job]) => job?.state === 'completed');
  expect(await notices()).toHaveLength(1);
  expect(sink.taken).toHaveLength(2);
  const { text = '', html = '' } = await PostalMime.parse(sink.taken[1] ?? '');
  const notice = `${text}${html}`;
  expect(notice).toContain('was changed on');
  expect(notice).not.toContain(changed);
  expect(notice).not.toContain(key);
  for (const mail of sink.taken) expect(mail).toMatch(/^X-Auto-Response-Suppress: All\r$/im);
});
