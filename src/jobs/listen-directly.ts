import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseOptions, Db } from 'pg-boss';

/** Milliseconds to wait for the notification of the test. */
const patience = 2_000;
/** The payload of the test: no queue has this name. */
const probe = 'latchkey-listens';

interface ListenHandle {
  close(): Promise<void>;
}
type Listen = (channel: string, told: (payload: string) => void, onReconnect: () => void) => Promise<ListenHandle>;
/** Members of pg-boss's database object that its types do not declare. */
type Listening = Db & { readonly config: DatabaseOptions; readonly listen: Listen };

/**
 * Makes pg-boss listen on a connection with other options, and tests the connection: LISTEN succeeds only once a
 * notification that was sent has arrived. Through a pooler in transaction mode, LISTEN is answered without an error
 * and no notification ever arrives.
 *
 * @param direct options for the connection that listens; without them it has those of all statements.
 */
export function listenDirectly(database: Db, direct: DatabaseOptions | undefined): void {
  const { listen, config } = database as Listening;
  const listener: Listening = Object.create(database, { config: { value: { ...config, ...direct } } });
  const heard: Listen = async (channel, onNotification, onReconnect) => {
    let hears: () => void = () => undefined;
    const heardProbe = new Promise<true>((resolve) => {
      hears = () => resolve(true);
    });
    const told = (payload: string) => (payload === probe ? hears() : onNotification(payload));
    const handle = await listen.call(listener, channel, told, onReconnect);
    await database.executeSql('select pg_notify($1, $2)', [channel, probe]);
    if (await Promise.race([heardProbe, sleep(patience, false)])) return handle;
    await handle.close();
    throw new Error('no notification arrives on this connection: is it a pooler in transaction mode?');
  };
  Object.assign(database, { listen: heard });
}
