import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second in `/proc`: Linux reports 100 there, whatever the kernel's own clock rate is. */
const ticksPerSecond = 100;

/** Seconds of CPU that a process has used so far, in all its threads. */
export function cpuSeconds(pid: number): number {
  return usedBy(pid).own;
}

/** Seconds of CPU that a process and its children have used so far, those that have ended included. */
export function cpuSecondsOfFamily(pid: number): number {
  const { own, endedChildren } = usedBy(pid);
  return childrenOf(pid).reduce((sum, child) => sum + cpuOfChild(child), own + endedChildren);
}

/** The process that started this one. */
export function parentOf(pid: number): number {
  return Number(fieldsOf(pid)[1]);
}

/** MiB that a process holds in memory. */
export function residentMib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Milliseconds of a clock that all processes of this machine share. */
export function machineTime(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function usedBy(pid: number): { own: number; endedChildren: number } {
  // User and system time are the fields 14 and 15; those of children that have ended, 16 and 17.
  const [user = 0, system = 0, childrensUser = 0, childrensSystem = 0] = fieldsOf(pid).slice(11, 15).map(Number);
  return { own: (user + system) / ticksPerSecond, endedChildren: (childrensUser + childrensSystem) / ticksPerSecond };
}

/** The fields from the third on, the state. The second, the program's name, may hold spaces. */
function fieldsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

function cpuOfChild(pid: number): number {
  try {
    return cpuSeconds(pid);
  } catch {
    // It has just ended, and its parent counts it from the next look on.
    return 0;
  }
}
