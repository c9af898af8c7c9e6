import { isHostFault } from '../settings/values.js';

/** A port or an address that cannot be had is told with the setting that asked for it. */
export async function naming<T>(setting: 'PORT' | 'OPS_PORT', listening: Promise<T>): Promise<T> {
  return listening.catch((error: NodeJS.ErrnoException) => {
    const isName = isHostFault(error);
    if (error.syscall !== 'listen' && !isName) throw error;
    throw new Error(`${isName ? setting.replace('PORT', 'HOST') : setting}: ${error.message}`, { cause: error });
  });
}
