import { expect, it } from 'vitest';
import { startLatchkey } from '../../support/latchkey.js';

it('each lane of hashes is measured by its name', async () => {
  const latchkey = await startLatchkey({ withoutWorker: true });
  const end = Promise.withResolvers<void>();
  const { lanes } = latchkey.services.passwordHash;
  const hashing = [1, 2].map(() => lanes.foreign.run({ urgency: 'other' }, () => end.promise));
  try {
    const { body } = await latchkey.services.metrics.text();
    expect(body.match(/^latchkey_hashes\{.*$/gm)?.sort()).toEqual([
      'latchkey_hashes{lane="expensive",state="running"} 0',
      'latchkey_hashes{lane="expensive",state="waiting"} 0',
      'latchkey_hashes{lane="foreign",state="running"} 1',
      'latchkey_hashes{lane="foreign",state="waiting"} 1',
      'latchkey_hashes{lane="own",state="running"} 0',
      'latchkey_hashes{lane="own",state="waiting"} 0',
    ]);
  } finally {
    end.resolve();
    await Promise.all(hashing);
    await latchkey.close();
  }
});
