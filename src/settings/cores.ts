import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

type Read = (path: string) => string | undefined;

/**
 * Processors that this process may use: those it may run on, or fewer where its control group has a quota of processor
 * time, which `availableParallelism` does not see. Rounded down, because a process that has used up its quota stands
 * still as a whole, and at least 1.
 *
 * @param read the text of a file, undefined where there is none.
 */
export function coresOfQuota(read: Read = readOrNothing, available: number = availableParallelism()): number {
  return Math.max(1, Math.floor(Math.min(available, ...quotas(read))));
}

/** Of the process's group and all groups above it, in both versions of control groups (both may be mounted). */
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

/** `/a/b`, `/a` and the root as ''. A path from outside of the process's namespace leads to the root alone. */
function upwards(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.includes('..')) return [''];
  return [...parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`).reverse(), ''];
}

/** Microseconds of processor time in a period of microseconds; `max` or -1 is no quota. */
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
