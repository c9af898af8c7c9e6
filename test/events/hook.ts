import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What came to a receiver. */
export interface Call {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver of events that answers as the test says. */
export interface Hook {
  readonly url: string;
  readonly calls: Call[];
  /** Answers every further call. */
  answer: (response: ServerResponse, call: Call) => void;
  close(): Promise<void>;
}

export const with200 = (response: ServerResponse) => void response.end();
export const withStatus = (status: number, headers: Record<string, string> = {}) => {
  return (response: ServerResponse) => void response.writeHead(status, headers).end('no');
};

export async function startHook(): Promise<Hook> {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const call = { path: request.url ?? '', headers: request.headers, body };
    hook.calls.push(call);
    response.on('error', () => undefined);
    hook.answer(response, call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hook: Hook = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    calls: [],
    answer: with200,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return hook;
}

export interface Told {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly accountId: string;
    readonly change: string;
    readonly at: string;
    readonly sequence: number;
  };
}
export const told = (call: Pick<Call, 'body'> | undefined): Told => JSON.parse(call?.body ?? 'null');
