import { type AddressInfo, createServer, type Socket } from 'node:net';

export type Stage = 'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'dot';
/**
 * What comes instead of the usual reply: another one, none ever, a cut line, or one byte at a time. `lost` at the dot:
 * the relay takes the mail and its 250 never arrives. `slowly`: the usual reply after a moment. `half` at DATA: the line is cut while the mail is on its way.
 */
export type Fault = `${number} ${string}` | 'silence' | 'drop' | 'drip' | 'lost' | 'half' | 'slowly';
/** @param said the command that is answered; empty at the greeting and the dot. */
export type Faults = (stage: Stage, count: number, said: string) => Fault | undefined;

const usual: Record<Stage, string> = {
  greeting: '220 relay.example ESMTP',
  EHLO: '250-relay.example\r\n250 AUTH PLAIN',
  AUTH: '235 2.7.0 welcome',
  MAIL: '250 2.1.0 sender',
  RCPT: '250 2.1.5 recipient',
  DATA: '354 go on',
  dot: '250 2.0.0 queued',
};

/** A relay on bare sockets that fails as it is told, at any stage, and can go away and come back on its port. */
export async function startRawRelay(faults: Faults = () => undefined) {
  const relay = {
    faults,
    /** Mails that were taken, whether the 250 arrived or not. */
    taken: [] as string[],
    connections: 0,
    /** Connections that are open now. */
    open: 0,
    /** How the callers named themselves. */
    names: [] as string[],
    /** Every command, in its order. */
    verbs: [] as string[],
    seen: { greeting: 0, EHLO: 0, AUTH: 0, MAIL: 0, RCPT: 0, DATA: 0, dot: 0 } satisfies Record<Stage, number>,
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
    socket.on('error', () => undefined);
    talk(socket, relay);
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
    /** Ends the lines that are open, politely, and goes on listening. */
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

function talk(
  socket: Socket,
  relay: { faults: Faults; taken: string[]; names: string[]; verbs: string[]; seen: Record<Stage, number> },
): void {
  let buffer = '';
  let mail: string | undefined;
  let cutsBody = false;

  const answer = (stage: Stage, said = '') => {
    const fault = relay.faults(stage, ++relay.seen[stage], said);
    const text = `${fault && /^\d/.test(fault) ? fault : usual[stage]}\r\n`;
    if (stage === 'dot' && (fault === undefined || fault === 'lost')) relay.taken.push(mail ?? '');
    mail = stage === 'DATA' && text.startsWith('354') ? '' : undefined;
    cutsBody = fault === 'half';
    if (fault === 'silence') return;
    if (fault === 'drop' || fault === 'lost') return void socket.destroy();
    if (fault === 'drip') return drip(socket, text);
    if (fault === 'slowly') return void setTimeout(() => socket.write(text), 100);
    socket.write(text);
  };

  answer('greeting');
  socket.on('data', (chunk) => {
    buffer += chunk.toString();
    for (;;) {
      if (mail !== undefined) {
        if (cutsBody && buffer.length > 100) return void socket.destroy();
        const end = buffer.indexOf('\r\n.\r\n');
        if (end < 0) return;
        mail = buffer.slice(0, end);
        buffer = buffer.slice(end + 5);
        answer('dot');
        continue;
      }
      const end = buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = buffer.slice(0, end);
      const [verb = '', name = ''] = line.split(' ');
      relay.verbs.push(verb);
      if (verb === 'EHLO') relay.names.push(name);
      buffer = buffer.slice(end + 2);
      if (verb in usual) answer(verb as Stage, line);
      else socket.write(verb === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n');
    }
  });
}

/** So slowly that the line never falls silent and the reply never ends. */
function drip(socket: Socket, text: string): void {
  const bytes = [...`${text.slice(0, 4)}${'x'.repeat(10_000)}`];
  const timer = setInterval(() => socket.write(bytes.shift() ?? 'x'), 100);
  socket.on('close', () => clearInterval(timer));
}
