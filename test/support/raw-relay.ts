import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Stage = 'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'dot' | 'RSET' | 'QUIT';
/**
 * What happens instead of the usual reply: another reply, `silence`, `drop` (the connection is cut), or `drip` (an
 * endless reply, one byte at a time). `lost` at the dot: the relay takes the mail, but its 250 never arrives. `half` at
 * DATA: the connection is cut while the mail is sent. `slowly`: the usual reply after 100 ms.
 */
export type Fault = `${number} ${string}` | 'silence' | 'drop' | 'drip' | 'lost' | 'half' | 'slowly';
/**
 * A promise makes the caller wait for the reply.
 *
 * @param said the command that is answered; at the dot the mail; empty at the greeting.
 * @param to the recipient of the mail that the dialogue is about; empty before RCPT.
 */
export type Faults = (
  stage: Stage,
  count: number,
  said: string,
  to: string,
) => Fault | undefined | Promise<Fault | undefined>;

const usual: Record<Stage, string> = {
  greeting: '220 relay.example ESMTP',
  EHLO: '250-relay.example\r\n250 AUTH PLAIN',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 sender',
  RCPT: '250 2.1.5 recipient',
  DATA: '354 go on',
  dot: '250 2.0.0 queued',
  RSET: '250 2.0.0 reset',
  QUIT: '221 2.0.0 bye',
};

/** A relay on bare sockets that fails as it is told, at any stage, and can go down and come back on the same port. */
export async function startRawRelay(faults: Faults = () => undefined) {
  const relay = {
    faults,
    /** Mails that were taken, whether the 250 arrived or not. */
    taken: [] as string[],
    connections: 0,
    /** Connections that are open now. */
    open: 0,
    /** The names that callers gave in EHLO. */
    names: [] as string[],
    /** The verb of every command, in order. */
    verbs: [] as string[],
    seen: Object.fromEntries(Object.keys(usual).map((stage) => [stage, 0])) as Record<Stage, number>,
  };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    relay.connections++;
    relay.open++;
    sockets.add(socket);
    socket.on('close', () => {
      relay.open--;
      sockets.delete(socket);
    });
    socket.setNoDelay().on('error', () => undefined);
    talk(socket, relay).catch(() => socket.destroy());
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return Object.assign(relay, {
    url: `smtp://127.0.0.1:${port}`,
    goDown: cut,
    /** Closes the open connections in the normal way (FIN), and goes on listening. */
    hangUp: () => {
      for (const socket of sockets) socket.end();
    },
    comeBack: async () => {
      if (!server.listening) await listen(port);
    },
    stop: async () => {
      if (server.listening) await cut();
    },
  });
}

interface Told {
  readonly faults: Faults;
  readonly taken: string[];
  readonly names: string[];
  readonly verbs: string[];
  readonly seen: Record<Stage, number>;
}

/** Serves one connection. Commands that arrive while a reply is held back are answered afterwards, in order. */
async function talk(socket: Socket, relay: Told): Promise<void> {
  let mail: string[] | undefined;
  let to = '';
  let cutsBody = false;

  const answer = async (stage: Stage, said = '') => {
    if (stage === 'RCPT') to = /<([^>]*)>/.exec(said)?.[1] ?? '';
    const answered = stage === 'dot' ? (mail?.join('\r\n') ?? '') : said;
    const fault = await relay.faults(stage, ++relay.seen[stage], answered, to);
    const text = `${fault && /^\d/.test(fault) ? fault : usual[stage]}\r\n`;
    if (stage === 'dot' && (fault === undefined || fault === 'lost')) relay.taken.push(mail?.join('\r\n') ?? '');
    mail = stage === 'DATA' && text.startsWith('354') ? [] : undefined;
    cutsBody = fault === 'half';
    if (fault === 'silence') return;
    if (fault === 'drop' || fault === 'lost') return void socket.destroy();
    if (fault === 'drip') return drip(socket, text);
    if (fault === 'slowly') await sleep(100);
    socket.write(text);
  };

  await answer('greeting');
  for await (const line of lines(socket)) {
    if (mail === undefined) {
      const [verb = '', name = ''] = line.split(' ');
      relay.verbs.push(verb);
      if (verb === 'EHLO') relay.names.push(name);
      if (verb in usual) await answer(verb as Stage, line);
      else socket.write('250 2.0.0 ok\r\n');
    } else if (cutsBody) return void socket.destroy();
    else if (line === '.') await answer('dot');
    else mail.push(line.replace(/^\./, ''));
  }
}

async function* lines(socket: Socket): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of socket.setEncoding('utf8')) {
    const parts = `${rest}${chunk}`.split('\r\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
}

/** Sends a byte every 100 ms: the connection never falls silent, and the reply never ends. */
function drip(socket: Socket, text: string): void {
  const bytes = [...`${text.slice(0, 4)}${'x'.repeat(10_000)}`];
  const timer = setInterval(() => socket.write(bytes.shift() ?? 'x'), 100);
  socket.on('close', () => clearInterval(timer));
}
