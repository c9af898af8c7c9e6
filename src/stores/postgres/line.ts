import { userInfo } from 'node:os';
import pg from 'pg';
import type { TlsOptions } from './tls.js';
import type { DatabaseAddress } from './url.js';

/** The options of `pg` for every connection: accounts, jobs, migrations, LISTEN. */
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
 * Sets every option, so that the environment (PGHOST, PGSSLMODE …) cannot decide where connections go and how they are
 * protected.
 *
 * @param connect milliseconds that opening a connection may take at most; the URL may ask for less.
 */
export function lineConfig(address: DatabaseAddress, name: string, connect: number): LineConfig {
  const { host, port, database, password, ssl, sslnegotiation, options, channelBinding } = address;
  const wanted = (address.connectTimeout ?? Number.POSITIVE_INFINITY) * 1_000;
  return {
    host,
    port,
    database,
    user: address.user ?? userInfo().username,
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

/** A connection was refused because it does not have the security that was asked for; `code` says why. */
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

/** For `channel_binding=require`: refuses a server that does not prove to be the other end of this TLS connection. */
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
    // Registered before the driver's own listeners, because those would send the password.
    connection.once('authenticationSASL', ({ mechanisms }) => {
      bound = mechanisms?.includes('SCRAM-SHA-256-PLUS') ?? false;
      refuse();
    });
    for (const other of ['authenticationCleartextPassword', 'authenticationMD5Password', 'authenticationOk']) {
      connection.once(other, refuse);
    }
  }
}
