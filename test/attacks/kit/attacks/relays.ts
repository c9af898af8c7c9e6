import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../support/eventually.js';
import { startRawRelay } from '../../../support/raw-relay.js';
import { startSmtpSink } from '../../../support/smtp-sink.js';
import type { Attack } from '../attack.js';
import { keyOf, newPassword } from '../stage.js';

const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, index) => make(index));
/** A mail's text without the line breaks of quoted-printable. */
const unfolded = (source: string) => source.replaceAll('=\r\n', '').replaceAll('=3D', '=');
const keyInSource = (source: string) => keyOf({ text: unfolded(source) });

const recorded: Attack = {
  ids: ['V-36'],
  title: 'a key used in the very moment in which its mail is taken',
  needs: 'stage',
  run: async (stage, findings) => {
    const looks: string[] = [];
    let look: (key: string) => Promise<string> = async () => '';
    const sink = await startSmtpSink(async (at, _count, _address, { source }) => {
      if (at === 'DATA') looks.push(await look(keyInSource(source)));
      return undefined;
    });
    await stage
      .beside({ smtp: sink.url }, async (other) => {
        look = async (key) => (await other.stranger().client.passwordResetKey(key)).__typename;
        for (let count = 0; count < 12; count++) {
          const { email } = await other.account();
          await other.stranger().client.requestPasswordReset({ email });
        }
        await eventually(
          () => looks.length,
          (length) => length === 12,
          60_000,
        );
      })
      .finally(sink.stop);
    for (const each of looks) findings.expect('a look before the relay answered', each, 'ResetKeyValid');
    return 'no mail leaves before its key works';
  },
};

const outage: Attack = {
  ids: ['V-35', 'V-46', 'V-47'],
  title: 'a relay that is silent, goes down, and loses its answers',
  needs: 'stage',
  run: async (stage, findings) => {
    const relay = await startRawRelay();
    await stage
      .beside({ smtp: relay.url, workers: 2 }, async (other) => {
        const taken = (email: string) => relay.taken.filter((source) => source.includes(`To: ${email}`));
        const to = (email: string, timeoutMs = 90_000) =>
          eventually(
            () => taken(email),
            (mails) => mails.length > 0,
            timeoutMs,
          );
        const owner = await other.account();
        await other.stranger().client.requestPasswordReset({ email: owner.email });
        const key = keyInSource((await to(owner.email))[0] ?? '');
        await relay.goDown();
        const refusedReset = await other.stranger().client.resetPassword({ key, password: 'short' });
        findings.expect('a refused reset', refusedReset.__typename, 'PasswordRejected');
        const reset = await other.stranger().client.resetPassword({ key, password: newPassword });
        findings.expect('a reset while the relay is down', reset.__typename, 'PasswordResetCompleted');
        const waiting = await other.account();
        const asked = await other.stranger().client.requestPasswordReset({ email: waiting.email });
        findings.expect('a request while the relay is down', asked.__typename, 'PasswordResetRequested');
        relay.faults = (at) => (at === 'greeting' ? 'silence' : undefined);
        await relay.comeBack();
        const begun = performance.now();
        const unheard = await other.stranger().client.requestPasswordReset({ email: other.address() });
        findings.expect('a request while the relay is silent', unheard.__typename, 'PasswordResetRequested');
        findings.note('its time', performance.now() - begun < 5_000, `${performance.now() - begun} ms`);
        relay.faults = () => undefined;
        relay.hangUp();
        await to(waiting.email);
        const notices = await eventually(
          () => taken(owner.email).filter((source) => /^Subject: .*changed/im.test(source)),
          (mails) => mails.length > 0,
          90_000,
        );
        await other.settled(90_000);
        findings.expect('notices of the reset', notices.length, 1);
        findings.expect('mails for the request', taken(waiting.email).length, 1);
        let losses = 0;
        relay.faults = (at) => (at === 'dot' && losses++ < 2 ? 'lost' : undefined);
        const copied = await other.account();
        await other.stranger().client.requestPasswordReset({ email: copied.email });
        await to(copied.email);
        await other.settled(90_000);
        const ids = taken(copied.email).map((source) => /^Message-ID: (.*)$/im.exec(source)?.[1]);
        findings.expect('Message-IDs of the copies after a lost answer', new Set(ids).size, 1);
        relay.faults = () => undefined;
        const crowd = await Promise.all(many(20, () => other.account()));
        await Promise.all(crowd.map(({ email }) => other.stranger().client.requestPasswordReset({ email })));
        for (const { email } of crowd) await to(email);
        await other.settled(90_000);
        for (const { email } of crowd) findings.expect('mails of two workers to one address', taken(email).length, 1);
      })
      .finally(relay.stop);
    return 'the request is answered, every mail comes, once; copies after a lost answer share their Message-ID';
  },
};

const slow: Attack = {
  ids: ['A4'],
  title: 'mailboxes whose server does not answer, asked for again and again',
  needs: 'stage',
  run: async (stage, findings) => {
    const times = new Map<string, number>();
    const sink = await startSmtpSink(async (at, _count, address) => {
      if (at === 'RCPT' && address.endsWith('@slow.example')) await sleep(40_000, undefined, { ref: false });
      if (at === 'DATA') times.set(address, performance.now());
      return undefined;
    });
    await stage
      .beside({ smtp: sink.url }, async (other) => {
        for (let round = 0; round < 3; round++) {
          for (let index = 0; index < 8; index++) {
            const email = `slow-${index}@slow.example`;
            if (round === 0) await other.account(email);
            await other.stranger().client.requestPasswordReset({ email });
          }
        }
        await sleep(2_000);
        const owners = await Promise.all(many(4, () => other.account()));
        const begun = performance.now();
        await Promise.all(owners.map(({ email }) => other.stranger().client.requestPasswordReset({ email })));
        await eventually(
          () => owners.filter(({ email }) => times.has(email)).length,
          (count) => count === 4,
          60_000,
        ).catch(() => undefined);
        for (const { email } of owners) {
          const seconds = ((times.get(email) ?? Number.POSITIVE_INFINITY) - begun) / 1_000;
          findings.note('another owner’s mail', seconds < 20, `after ${seconds} s`);
        }
      })
      .finally(sink.stop);
    return 'others get theirs meanwhile';
  },
};

export const relays: readonly Attack[] = [recorded, outage, slow];
