// Vendure as its guides "Production configuration" and "Security" set it up; `server.mjs server` and `server.mjs worker`.
import { join } from 'node:path';
import { bootstrap, bootstrapWorker, DefaultJobQueuePlugin, UuidIdStrategy } from '@vendure/core';
import { defaultEmailHandlers, EmailPlugin, FileBasedTemplateLoader } from '@vendure/email-plugin';
import { HardenPlugin } from '@vendure/harden-plugin';

// It tells nobody that it ran, and keeps no number of this installation.
process.env.VENDURE_DISABLE_TELEMETRY = 'true';
const { DATABASE_URL, SMTP_URL, PORT, KEY_SECONDS, COOKIE_SECRET, SUPERADMIN_PASSWORD } = process.env;
const isServer = process.argv[2] === 'server';
const relay = new URL(SMTP_URL);
const shop = 'https://shop.example';

const config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(PORT),
    cors: { origin: [shop], credentials: true },
  },
  entityOptions: { entityIdStrategy: new UuidIdStrategy() },
  authOptions: {
    tokenMethod: ['bearer', 'cookie'],
    superadminCredentials: { identifier: 'superadmin', password: SUPERADMIN_PASSWORD },
    cookieOptions: { secret: COOKIE_SECRET },
    ...(KEY_SECONDS ? { verificationTokenDuration: `${KEY_SECONDS}s` } : {}),
  },
  dbConnectionOptions: { type: 'postgres', url: DATABASE_URL, synchronize: isServer, logging: false },
  paymentOptions: { paymentMethodHandlers: [] },
  plugins: [
    DefaultJobQueuePlugin.init({ pollInterval: 20, concurrency: 4 }),
    HardenPlugin.init({ maxQueryComplexity: 650, apiMode: 'prod' }),
    EmailPlugin.init({
      handlers: defaultEmailHandlers,
      templateLoader: new FileBasedTemplateLoader(
        join(import.meta.dirname, 'node_modules/@vendure/email-plugin/templates'),
      ),
      transport: { type: 'smtp', host: relay.hostname, port: Number(relay.port), secure: false, ignoreTLS: true },
      globalTemplateVars: {
        fromAddress: '"Shop" <no-reply@shop.example>',
        verifyEmailAddressUrl: `${shop}/verify`,
        passwordResetUrl: `${shop}/password-reset`,
        changeEmailAddressUrl: `${shop}/verify-email-address-change`,
      },
    }),
  ],
};

if (isServer) {
  await bootstrap(config);
  console.log(`listens on http://127.0.0.1:${PORT}`);
} else {
  const worker = await bootstrapWorker(config);
  await worker.startJobQueue();
  console.log('the worker runs');
}
