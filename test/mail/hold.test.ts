import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { type Clock, DialogueTimes, usualAtFirst } from '../../src/mail/dialogue-times.js';
import { placesTiming } from '../../src/mail/mail-places.js';
import { Mailer, type MailerOptions } from '../../src/mail/mailer.js';
import { createLog } from '../../src/observability/log.js';
import { Metrics } from '../../src/observability/metrics.js';
import { eventually } from '../support/eventually.js';
import { startRawRelay } from '../support/raw-relay.js';

const queue = 'links';
const mail = { subject: 'Hello', html: '<p>Hello</p>', text: 'Hello', language: 'en', messageId: 'job.hello' };

/** A clock that advances only by `sleep`, or where a test's relay advances it. */
class TestClock implements Clock {
  time = 1_000;
  readonly now = () => this.time;
  sleep = async (milliseconds: number) => {
    // Lets timers that are due go off.
    await pause(20);
    this.time += milliseconds;
  };
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function made(options: Partial<MailerOptions> = {}) {
  const relay = await startRawRelay();
  const clock = new TestClock();
  const away = () => Promise.reject(new Error('away'));
  const times = new DialogueTimes({ hmget: away, hset: away } as unknown as Redis, (domain) => domain, 60_000);
  const settings = {
    smtpUrls: [relay.url],
    from: { name: 'Acme', address: 'no-reply@acme.example' },
    requireTls: false,
  };
  const parts = { connections: 2, slots: { [queue]: 6 }, times, clock, ...options };
  const mailer = new Mailer(settings, createLog('silent', 'test'), new Metrics(), parts);
  stops.push(
    () => relay.stop(),
    () => mailer.close(),
  );
  const work = async (how: 'send' | 'hold', to: string) => {
    const place = mailer.takePlace(queue, to, false);
    const begun = clock.now();
    if (place) await mailer[how]({ ...mail, to, place, begun });
    place?.release();
    return clock.now() - begun;
  };
  /** How many mails to this domain could be sent at the same time now. */
  const room = (domain: string) => {
    const places = Array.from({ length: 6 }, () => mailer.takePlace(queue, `somebody@${domain}`, false));
    for (const each of places) each?.release();
    return places.filter(Boolean).length;
  };
  return { relay, clock, times, mailer, work, room };
}

describe('a place that is held leaves behind what a mail does', () => {
  it('a domain that is known to be quick', async () => {
    const { times, work, room } = await made();
    times.note('unknown.example', 300);
    await times.written();
    expect([room('known.example'), room('unknown.example')]).toEqual([2, 2]);
    await work('send', 'somebody@known.example');
    await work('hold', 'nobody@unknown.example');
    expect([room('known.example'), room('unknown.example')]).toEqual([6, 6]);
  });

  it('a domain that is known to be slow, where its mails were', async () => {
    const { relay, clock, times, work, room } = await made({ places: { ...placesTiming, slow: 1 } });
    relay.faults = (stage) => (stage === 'RCPT' ? 'slowly' : undefined);
    await work('send', 'somebody@slow.example');
    await times.written();
    expect(await times.draw('slow.example')).toMatchObject({ isSlow: true });
    clock.time += placesTiming.distrust;
    await work('hold', 'nobody@slow.example');
    expect(room('slow.example')).toBe(2);
  });

  it('an open line', async () => {
    const { relay, work } = await made();
    await work('hold', 'nobody@known.example');
    expect(relay.connections).toBe(1);
    await work('send', 'somebody@known.example');
    expect(relay.connections).toBe(1);
    expect(relay.taken).toHaveLength(1);
  });
});

describe('a place that is held', () => {
  it('takes a line from others for as long as it lasts', async () => {
    const { relay, clock, times, work } = await made({ connections: 1 });
    times.note('known.example', 300);
    await times.written();
    const over = Promise.withResolvers<void>();
    const sleeps = Promise.withResolvers<void>();
    clock.sleep = () => {
      sleeps.resolve();
      return over.promise;
    };
    const held = work('hold', 'nobody@known.example');
    await sleeps.promise;
    const sent = work('send', 'somebody@known.example');
    await pause(50);
    expect(relay.seen.MAIL).toBe(0);
    over.resolve();
    await Promise.all([held, sent]);
    expect(relay.taken).toHaveLength(1);
  });

  it('lasts as long as a dialogue, and the opening of its line, which is no part of one', async () => {
    const { relay, clock, times, work } = await made();
    relay.faults = (stage) => {
      clock.time += { greeting: 70, dot: 300 }[stage as string] ?? 0;
      return undefined;
    };
    expect(await work('send', 'somebody@known.example')).toBe(370);
    await times.written();
    expect(await times.draw('known.example')).toEqual({ length: 300, isSlow: false, usual: 300 });
    relay.hangUp();
    await eventually(
      () => relay.open,
      (open) => open === 0,
    );
    expect(await work('hold', 'nobody@known.example')).toBe(370);
    expect(await work('hold', 'nobody@known.example')).toBe(300);
    expect(await work('send', 'somebody@known.example')).toBe(300);
  });

  it('before the first dialogue of all, asks the relay as often as a mail would, and is kept as long as a mail', async () => {
    for (const how of ['hold', 'send'] as const) {
      const { relay, clock, mailer } = await made();
      const place = mailer.takePlace(queue, 'somebody@known.example', false);
      if (!place) throw new Error('no place');
      const begun = clock.now();
      relay.faults = (stage) => {
        clock.time += { greeting: 70, RSET: 20, MAIL: 20, dot: 40 }[stage as string] ?? 0;
        return undefined;
      };
      await mailer[how]({ ...mail, to: 'somebody@known.example', place, begun });
      await place.kept();
      place.release();
      expect(clock.now() - begun, how).toBe(70 + usualAtFirst);
      const asked = how === 'hold' ? ['RSET', 'RSET', 'RSET', 'RSET'] : ['MAIL', 'RCPT', 'DATA'];
      expect(relay.verbs).toEqual(['EHLO', ...asked]);
    }
  });

  it('ends with the try to reach a relay that is away, as a mail does, and lets it rest after three', async () => {
    const { relay, times, mailer, work } = await made();
    times.note('known.example', 300);
    await times.written();
    await relay.stop();
    for (let count = 0; count < 3; count++) {
      expect(mailer.relays.map(({ isUp }) => isUp)).toEqual([true]);
      expect(await work('hold', 'nobody@known.example')).toBe(0);
    }
    expect(mailer.relays.map(({ isUp }) => isUp)).toEqual([false]);
  });
});
