// better-auth as its documentation sets it up for production: PostgreSQL, limits in Redis, mails by nodemailer in its
// callback. The limits are raised, because one machine plays everybody.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { Redis } from 'ioredis';
import { createTransport } from 'nodemailer';
import pg from 'pg';

const { DATABASE_URL, REDIS_URL, SMTP_URL, MAIL, PLACE_OF_LINK, SENDER, CONNECTIONS, BETTER_AUTH_SECRET } = process.env;
const { subject, html, text } = JSON.parse(MAIL);
const relay = createTransport({ url: SMTP_URL, pool: true, maxConnections: Number(CONNECTIONS) });
const redis = new Redis(REDIS_URL);

const auth = betterAuth({
  baseURL: 'https://bench.example',
  secret: BETTER_AUTH_SECRET,
  database: new pg.Pool({ connectionString: DATABASE_URL }),
  telemetry: { enabled: false },
  secondaryStorage: {
    get: (key) => redis.get(key),
    set: (key, value, ttl) => (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value)),
    delete: (key) => redis.del(key),
    async increment(key, ttl) {
      const [[, count]] = await redis.multi().incr(key).expire(key, ttl, 'NX').exec();
      return count;
    },
  },
  // As without Redis: only the limits are counted there.
  verification: { storeInDatabase: true },
  rateLimit: {
    enabled: true,
    storage: 'secondary-storage',
    window: 900,
    max: 9_999_999,
    customRules: { '/request-password-reset': { window: 900, max: 9_999_999 } },
  },
  emailAndPassword: {
    enabled: true,
    // Not awaited, which the documentation asks for so that the time of an answer does not tell.
    sendResetPassword: async ({ user, url }) => {
      const fill = (body) => body.replaceAll(PLACE_OF_LINK, url);
      relay
        .sendMail({ from: SENDER, to: user.email, subject, html: fill(html), text: fill(text) })
        .catch((error) => console.error(error));
    },
  },
});

await (await getMigrations(auth.options)).runMigrations();
const handle = toNodeHandler(auth);
const server = createServer((request, response) => {
  // As a reverse proxy in front of it does: limits are counted by this address.
  request.headers['x-forwarded-for'] = request.socket.remoteAddress;
  handle(request, response).catch((error) => {
    console.error(error);
    response.statusCode = 500;
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listens on http://127.0.0.1:${server.address().port}`));
