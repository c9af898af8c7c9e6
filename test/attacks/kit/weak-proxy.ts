import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, send } from '../attack.js';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The caller's address. */
  readonly from: string;
}

/** How a proxy undoes a defence of the API behind it. */
export interface Weakness {
  readonly before?: (request: Seen) => Seen;
  readonly after?: (answer: Answer, request: Seen) => Answer | Promise<Answer>;
}

/** A proxy before an API that is weak in a way of which attacks must tell. It calls from its caller's own address. */
export async function startWeakProxy(url: string, { before = same, after = same }: Weakness) {
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method = 'GET', url: path = '/', socket } = incoming;
    const from = (socket.remoteAddress ?? '').replace('::ffff:', '');
    const request = before({ method, path, headers: plain(incoming.headers), body, from });
    const answer = await after(await send(url, request), request);
    outgoing.writeHead(answer.status, { ...plain(answer.headers) }).end(answer.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function same<T>(each: T): T {
  return each;
}

/** Without what belongs to one connection or says how long the body is. */
function plain(headers: IncomingHttpHeaders): Record<string, string> {
  const own = ['connection', 'keep-alive', 'content-length', 'transfer-encoding'];
  const kept = Object.entries(headers).filter(([name]) => !own.includes(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}
