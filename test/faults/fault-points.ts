import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../src/calls/errors.js';

/** What happens at a point when it is reached the next time. */
export interface Armed {
  /** `resetKeys.remember<` is before the step, `resetKeys.remember>` after it. The start of a name matches, too. */
  readonly point: string;
  readonly action: 'kill' | 'pause' | 'fail';
  /** Milliseconds, for `pause`. */
  readonly ms?: number;
}

/** Points between the steps of the use cases. At an armed point the process dies, waits or fails, once. */
export class FaultPoints {
  #armed: Armed | undefined;

  constructor(private readonly tell: (point: string) => void) {}

  arm(armed: Armed | undefined): void {
    this.#armed = armed;
  }

  async reach(point: string): Promise<void> {
    const armed = this.#armed;
    if (!armed || !point.startsWith(armed.point)) return;
    this.#armed = undefined;
    this.tell(point);
    if (armed.action === 'kill') process.kill(process.pid, 'SIGKILL');
    if (armed.action === 'pause') await sleep(armed.ms ?? 100);
    if (armed.action === 'fail') throw new Unavailable('postgres');
  }

  /** @returns the part, with a point before and one after each of these methods. */
  around<Part extends object>(name: string, part: Part, ...methods: (keyof Part & string)[]): Part {
    return new Proxy(part, {
      get: (target, property) => {
        const value = Reflect.get(target, property, target) as unknown;
        if (typeof value !== 'function') return value;
        if (!(methods as string[]).includes(property as string)) return value.bind(target);
        return async (...input: unknown[]) => {
          await this.reach(`${name}.${String(property)}<`);
          const result: unknown = await value.apply(target, input);
          await this.reach(`${name}.${String(property)}>`);
          return result;
        };
      },
    });
  }
}

/** In the order in which a request and a reset reach them. `accounts.transaction>` is after the COMMIT. */
export const apiPoints = [
  'jobs.enqueue<',
  'jobs.enqueue>',
  'resetKeys.lookUp<',
  'resetKeys.lookUp>',
  'accounts.find<',
  'accounts.find>',
  'accounts.findWithHash<',
  'accounts.findWithHash>',
  'passwordHash.replace<',
  'passwordHash.replace>',
  'accounts.transaction<',
  'accounts.replacePassword>',
  'resetReceipts.write>',
  'audit.record>',
  'eventOrder.next>',
  'jobs.enqueueWithin>',
  'accounts.transaction>',
  'accounts.renewHash<',
] as const;
export const workerPoints = [
  'accounts.findEach>',
  'resetKeys.remember<',
  'resetKeys.remember>',
  'mailer.send<',
  'mailer.send>',
  'eventOrder.isHeld<',
  'receiver.send<',
  'receiver.send>',
  'eventOrder.settle>',
  'audit.note<',
  'audit.note>',
] as const;
