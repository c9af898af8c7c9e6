import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseOptions, Db } from 'pg-boss';

/** Milliseconds until a notification must have come. */
const patience = 2_000;
/** No queue has this name. */
const probe = 'latchkey-listens';

interface ListenHandle {
  close(): Promise<void>;
}
type Listen = (channel: string, told: (payload: string) => void, onReconnect: () => void) => Promise<ListenHandle>;
/** What the queue's own database is, besides what its types tell. */
type Listening = Db & { readonly config: DatabaseOptions; readonly listen: Listen };

/**
 * Makes the queue's database listen on a line of its own choice, and believe that it listens only once it has heard
 * itself: through a pooler in transaction mode LISTEN is answered as if it worked, and nothing ever comes.
 *
 * @param direct where to listen, instead of where statements go.
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
    throw new Error('nothing is heard on this line: is it a pooler in transaction mode?');
  };
  Object.assign(database, { listen: heard });
}
