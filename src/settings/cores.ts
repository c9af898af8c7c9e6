import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

type Read = (path: string) => string | undefined;

/**
 * The number of processors that this process may use: those that it may run on, or fewer if its control group has a
 * quota of processor time, which `availableParallelism` does not see. The quota is rounded down, because a process that
 * has used it up stands still as a whole. At least 1.
 *
 * @param read returns the text of a file, or undefined if it cannot be read.
 */
export function coresOfQuota(read: Read = readOrNothing, available: number = availableParallelism()): number {
  return Math.max(1, Math.floor(Math.min(available, ...quotas(read))));
}

/**
 * The quotas, in processors, of the process's control group and all groups above it, of version 1 and 2 (both may be
 * mounted).
 */
function quotas(read: Read): number[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => /^\d+:([^:]*):(\/.*)$/.exec(line));
  return groups.flatMap((match) => {
    const [, controllers = '', path = ''] = match ?? [];
    if (!match) return [];
    const folders = upwards(path);
    if (controllers === '') return folders.flatMap((folder) => quotaOf(read(`/sys/fs/cgroup${folder}/cpu.max`)));
    if (!controllers.split(',').includes('cpu')) return [];
    return ['cpu', controllers].flatMap((mount) =>
      folders.flatMap((folder) => {
        const file = (name: string) => read(`/sys/fs/cgroup/${mount}${folder}/cpu.cfs_${name}_us`)?.trim();
        return quotaOf(`${file('quota') ?? ''} ${file('period') ?? ''}`);
      }),
    );
  });
}

/** For `/a/b`: `/a/b`, `/a` and '' for the root. For a path outside of the process's namespace: the root alone. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.includes('..')) return [''];
  return [...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`).reverse(), ''];
}

/** Reads "quota period", both in microseconds, as a number of processors; empty where there is no quota (`max`, -1). */
function quotaOf(text: string | undefined): number[] {
  const [, quota, period] = /^(\d+) (\d+)$/.exec(text?.trim() ?? '') ?? [];
  return Number(quota) > 0 && Number(period) > 0 ? [Number(quota) / Number(period)] : [];
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
