import { userInfo } from 'node:os';
import pg from 'pg';
import type { TlsOptions } from './tls.js';
import type { DatabaseAddress } from './url.js';

/** What `pg` is told of a line, whatever it is for: accounts, jobs, migrations, LISTEN. */
export interface LineConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly ssl: false | TlsOptions;
  readonly sslnegotiation: 'postgres' | 'direct';
  readonly application_name: string;
  readonly options?: string;
  readonly client_encoding: 'UTF8';
  readonly enableChannelBinding: boolean;
  /** Milliseconds. */
  readonly connectionTimeoutMillis: number;
  readonly keepAlive: true;
  readonly keepAliveInitialDelayMillis: number;
  readonly Client?: new () => pg.ClientBase;
}

/**
 * Everything is said, so that nothing of the environment (PGHOST, PGSSLMODE …) decides where lines go and how safe they
 * are; a password that the URL leaves out may stand in PGPASSWORD.
 *
 * @param connect milliseconds that a new line may take at most; the URL may ask for less.
 */
export function lineConfig(address: DatabaseAddress, name: string, connect: number): LineConfig {
  const { host, port, database, password, ssl, sslnegotiation, options, channelBinding } = address;
  const wanted = (address.connectTimeout ?? Number.POSITIVE_INFINITY) * 1_000;
  return {
    host,
    port,
    database,
    user: address.user ?? process.env.PGUSER ?? userInfo().username,
    ...(password === undefined ? {} : { password }),
    ssl,
    sslnegotiation,
    application_name: address.applicationName ?? name,
    ...(options === undefined ? {} : { options }),
    client_encoding: 'UTF8',
    enableChannelBinding: ssl !== false && channelBinding !== 'disable',
    connectionTimeoutMillis: Math.min(connect, wanted),
    keepAlive: true,
    keepAliveInitialDelayMillis: (address.keepalivesIdle ?? 10) * 1_000,
    ...(channelBinding === 'require' ? { Client: BoundClient } : {}),
  };
}

/** What is said of a line that is not the one that was asked for. */
export class LineRefused extends Error {
  override name = 'LineRefused';
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

interface WithConnection {
  readonly connection: {
    once(event: string, listener: (message: { mechanisms?: readonly string[] }) => void): void;
    emit(event: 'error', error: Error): void;
    readonly stream: { destroy(): void };
  };
}

/** `channel_binding=require`: no line to a server that does not prove to be the other end of this very TLS line. */
class BoundClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const { connection } = this as unknown as WithConnection;
    let bound = false;
    const refuse = () => {
      if (bound) return;
      connection.emit(
        'error',
        new LineRefused('the server does not bind its log-in to the TLS line', 'no-channel-binding'),
      );
      connection.stream.destroy();
    };
    // Registered before the driver's own listeners, which would send the password.
    connection.once('authenticationSASL', ({ mechanisms }) => {
      bound = mechanisms?.includes('SCRAM-SHA-256-PLUS') ?? false;
      refuse();
    });
    for (const other of ['authenticationCleartextPassword', 'authenticationMD5Password', 'authenticationOk']) {
      connection.once(other, refuse);
    }
  }
}
