// A process that starts an embedded part, prints one line of JSON, and runs until a test kills it.
const [part, folder, systemFolder] = process.argv.slice(2);
const { OWNER_ID, OWNER_BINARIES: binaries } = process.env;
const parts = {
  postgres: async () => {
    const { startEmbeddedPostgres } = await import('../../src/dev/postgres/embedded-postgres.ts');
    return () => startEmbeddedPostgres({ folder, systemFolder, binaries });
  },
  redis: async () => {
    const { startEmbeddedRedis } = await import('../../src/dev/embedded-redis.ts');
    return () => startEmbeddedRedis({ folder });
  },
  folder: async () => {
    const { DevFolder } = await import('../../src/dev/dev-folder.ts');
    return () => DevFolder.open(folder);
  },
};
const start = await parts[part]();
if (OWNER_ID) {
  // Only now, when all code is loaded: the other user may not be able to read the checkout.
  process.chdir('/');
  process.setgroups([]);
  process.setgid(Number(OWNER_ID));
  process.setuid(Number(OWNER_ID));
}
const { url, description } = await start();
console.log(JSON.stringify({ url, description }));
if (process.argv.includes('exit')) process.exit(3);
setInterval(() => {}, 60_000);
