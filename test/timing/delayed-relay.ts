import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How mails to one domain are met. Milliseconds, beside what every dialogue takes. */
export interface Manner {
  readonly atRecipient?: number;
  readonly atEnd?: number;
  /** The first try at each address is told to come again. */
  readonly greylists?: boolean;
}

/**
 * A relay at some distance: a dialogue takes as long as is said, a quarter of it for each of its four answers, and so does
 * each of the two that a new line begins with. Remembers when the first mail to an address was there.
 */
export class DelayedRelay {
  readonly #arrivals = new Map<string, PromiseWithResolvers<number>>();
  readonly #greylisted = new Set<string>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(
    private readonly dialogue: number,
    private readonly mannerOf: (domain: string) => Manner,
  ) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.setNoDelay().on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      void this.#talk(socket).catch(() => socket.destroy());
    });
  }

  static async start(dialogue: number, mannerOf: (domain: string) => Manner): Promise<DelayedRelay> {
    const relay = new DelayedRelay(dialogue, mannerOf);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** When the mail to this address was there, also when that is past: milliseconds, `performance.now()`. */
  arrival(address: string): Promise<number> {
    return this.#arrivalOf(address).promise;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #talk(socket: Socket): Promise<void> {
    const answer = async (text: string, more = 0) => {
      await sleep(this.dialogue / 4 + more);
      socket.write(`${text}\r\n`);
    };
    let to = '';
    let isBody = false;
    await answer('220 relay.example ESMTP');
    for await (const line of lines(socket)) {
      const manner = this.mannerOf(to.slice(to.lastIndexOf('@') + 1));
      if (isBody) {
        if (line !== '.') continue;
        isBody = false;
        this.#arrivalOf(to).resolve(performance.now());
        await answer('250 2.0.0 queued', manner.atEnd);
      } else if (line.startsWith('EHLO')) await answer('250 relay.example');
      else if (line.startsWith('MAIL')) await answer('250 2.1.0 sender');
      else if (line.startsWith('RCPT')) {
        to = /<([^>]*)>/.exec(line)?.[1] ?? '';
        await this.#answerRecipient(to, answer);
      } else if (line.startsWith('DATA')) {
        isBody = true;
        await answer('354 go on');
      } else await answer(line.startsWith('QUIT') ? '221 bye' : '250 2.0.0 ok');
    }
  }

  async #answerRecipient(to: string, answer: (text: string, more?: number) => Promise<void>): Promise<void> {
    const { atRecipient, greylists } = this.mannerOf(to.slice(to.lastIndexOf('@') + 1));
    const isNew = greylists === true && !this.#greylisted.has(to);
    if (isNew) this.#greylisted.add(to);
    await answer(isNew ? '451 4.7.1 greylisted, come again' : '250 2.1.5 recipient', atRecipient);
  }

  #arrivalOf(address: string): PromiseWithResolvers<number> {
    const known = this.#arrivals.get(address) ?? Promise.withResolvers<number>();
    this.#arrivals.set(address, known);
    return known;
  }
}

async function* lines(socket: Socket): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of socket.setEncoding('latin1')) {
    const parts = `${rest}${chunk}`.split('\r\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}
