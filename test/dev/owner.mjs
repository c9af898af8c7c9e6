// A process that starts an embedded part and then only lives: the tests kill it. Prints one line of JSON.
const [part, folder, systemFolder] = process.argv.slice(2);
const started =
  part === 'postgres'
    ? await (await import('../../src/dev/embedded-postgres.ts')).startEmbeddedPostgres({ folder, systemFolder })
    : part === 'redis'
      ? await (await import('../../src/dev/embedded-redis.ts')).startEmbeddedRedis({ folder })
      : await (await import('../../src/dev/dev-folder.ts')).DevFolder.open(folder);
const { url, description } = started;
console.log(JSON.stringify({ url, description }));
if (process.argv.includes('exit')) process.exit(3);
setInterval(() => {}, 60_000);
