import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands before a server and can lose an answer: the server has executed the command, the client never hears of it. */
export class AnswerLoss {
  readonly #sockets = new Set<Socket>();
  /** The command to lose: its name, and how many of it pass before. */
  #next: { names: readonly string[]; passing: number } | undefined;
  /** The name of the command whose answer was lost. */
  lost: string | undefined;

  private constructor(
    readonly port: number,
    private readonly server: ReturnType<typeof createServer>,
  ) {}

  /** @param target the port to pass everything on to, asked at each new line. */
  static async before(target: () => number): Promise<AnswerLoss> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gate = new AnswerLoss((server.address() as AddressInfo).port, server);
    server.on('connection', (near) => gate.#pass(near, connect(target(), '127.0.0.1')));
    return gate;
  }

  /** Loses the answer of one of these commands, the first after `passing` others, and cuts its line. */
  lose(names: readonly string[], passing = 0): void {
    this.#next = { names, passing };
    this.lost = undefined;
  }

  stop(): void {
    this.server.close();
    for (const each of this.#sockets) each.destroy();
  }

  #pass(near: Socket, far: Socket): void {
    let deaf = false;
    for (const each of [near, far]) this.#sockets.add(each.on('error', () => undefined));
    near.on('data', (bytes) => {
      deaf ||= this.#isToLose(bytes.toString('latin1'));
      far.write(bytes);
    });
    far.on('data', (bytes) => (deaf ? near.destroy() : near.write(bytes)));
    near.on('close', () => far.end());
    far.on('close', () => near.destroy());
  }

  #isToLose(text: string): boolean {
    for (const [, name = ''] of text.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
      if (!this.#next?.names.includes(name.toLowerCase()) || this.#next.passing-- > 0) continue;
      this.#next = undefined;
      this.lost = name.toLowerCase();
      return true;
    }
    return false;
  }
}
