import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Said, SmtpCase } from './cases.js';

const usual: Said = { text: '250 ok\r\n', after: 'go on' };

/** A relay on bare sockets that says the bytes of a case. */
export class GeneratedRelay {
  /** What it said after the dot of a whole mail, in the present case; undefined while no mail came whole. */
  afterDot: string | undefined;
  #says: Partial<SmtpCase> = {};
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => this.#serve(socket));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `smtp://user:pw@127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  say(says: SmtpCase): void {
    this.hangUp();
    this.#says = says;
    this.afterDot = undefined;
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    const says = this.#says;
    let rest = '';
    let inMail = false;
    const say = ({ text, after }: Said) => {
      socket.write(Buffer.from(text, 'latin1'));
      if (after === 'close') socket.end();
      if (after === 'reset') socket.destroy();
      return text;
    };
    say(says.greeting ?? usual);
    socket.on('data', (bytes) => {
      const parts = `${rest}${bytes.toString('latin1')}`.split('\r\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        if (inMail && line === '.') {
          inMail = false;
          this.afterDot = say(says.dot ?? usual);
        } else if (!inMail) {
          const verb = line.split(' ', 1)[0]?.toUpperCase() ?? '';
          const said = say((says as Partial<Record<string, Said>>)[verb] ?? says.other ?? usual);
          // A client sends the mail after any reply of these, so the dot is looked for then.
          inMail = verb === 'DATA' && /^[23]/.test(said);
        }
      }
    });
  }
}
