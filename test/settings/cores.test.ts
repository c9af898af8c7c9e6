import { describe, expect, it } from 'vitest';
import { coresOfQuota } from '../../src/settings/cores.js';

const cores = (files: Readonly<Record<string, string>>, available = 8) =>
  coresOfQuota((path) => files[path], available);

describe('the cores that a process may use', () => {
  it.each([
    ['no control groups', {}, 8],
    ['version 2 without a quota', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' }, 8],
    ['half a processor', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n' }, 1],
    ['two and a half', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '250000 100000\n' }, 2],
    ['more than there are', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '3200000 100000\n' }, 8],
    [
      'a quota of a group above',
      {
        '/proc/self/cgroup': '0::/kubepods/pod1/container\n',
        '/sys/fs/cgroup/kubepods/pod1/container/cpu.max': 'max 100000\n',
        '/sys/fs/cgroup/kubepods/pod1/cpu.max': '300000 100000\n',
      },
      3,
    ],
    [
      'version 1, in a container that sees its own group as the root',
      {
        '/proc/self/cgroup': '12:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '150000\n',
        '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
      },
      1,
    ],
    [
      'version 1 under its short name, beside an empty version 2',
      {
        '/proc/self/cgroup': '1:cpu:/group\n0::/\n',
        '/sys/fs/cgroup/cpu/group/cpu.cfs_quota_us': '400000\n',
        '/sys/fs/cgroup/cpu/group/cpu.cfs_period_us': '100000\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      4,
    ],
    [
      'version 1 without a quota',
      {
        '/proc/self/cgroup': '1:cpu:/\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      },
      8,
    ],
    [
      'a group outside of its namespace',
      { '/proc/self/cgroup': '0::/../other\n', '/sys/fs/cgroup/cpu.max': '200000 100000' },
      2,
    ],
    ['rubbish', { '/proc/self/cgroup': 'rubbish\n0::/\n', '/sys/fs/cgroup/cpu.max': 'rubbish' }, 8],
  ] as const)('%s', (_name, files, expected) => {
    expect(cores(files)).toBe(expected);
  });

  it('are at least one here, too', () => {
    expect(coresOfQuota()).toBeGreaterThanOrEqual(1);
  });
});
