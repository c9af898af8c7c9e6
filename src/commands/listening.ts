import { isHostFault } from '../settings/values.js';

/** Waits for a server to listen. @throws Error that names the setting whose port or address cannot be used. */
export async function naming<T>(setting: 'PORT' | 'OPS_PORT', listening: Promise<T>): Promise<T> {
  return listening.catch((error: NodeJS.ErrnoException) => {
    const isName = isHostFault(error);
    if (error.syscall !== 'listen' && !isName) throw error;
    throw new Error(`${isName ? setting.replace('PORT', 'HOST') : setting}: ${error.message}`, { cause: error });
  });
}
