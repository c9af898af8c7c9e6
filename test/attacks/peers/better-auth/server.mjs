// better-auth as its documentation sets it up: Express, PostgreSQL, mails by callback; production by NODE_ENV.
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import express from 'express';
import { createTransport } from 'nodemailer';
import pg from 'pg';

const { DATABASE_URL, SMTP_URL, KEY_SECONDS, STRICT, BETTER_AUTH_SECRET } = process.env;
const isStrict = STRICT === 'yes';
const relay = createTransport(SMTP_URL);

function mail(to, subject, text) {
  // Not awaited, which the documentation asks for so that the time of an answer does not tell.
  relay.sendMail({ from: 'Shop <no-reply@shop.example>', to, subject, text }).catch((error) => console.error(error));
}

const auth = betterAuth({
  baseURL: 'https://shop.example',
  secret: BETTER_AUTH_SECRET,
  database: new pg.Pool({ connectionString: DATABASE_URL }),
  telemetry: { enabled: false },
  emailAndPassword: {
    enabled: true,
    sendResetPassword: async ({ user, url }) => mail(user.email, 'Reset your password', url),
    ...(KEY_SECONDS ? { resetPasswordTokenExpiresIn: Number(KEY_SECONDS) } : {}),
    ...(isStrict
      ? {
          requireEmailVerification: true,
          revokeSessionsOnPasswordReset: true,
          onPasswordReset: async ({ user }) =>
            mail(user.email, 'Your password was changed', 'Was it not you? Tell us.'),
        }
      : {}),
  },
  ...(isStrict
    ? {
        emailVerification: {
          sendVerificationEmail: async ({ user, url }) => mail(user.email, 'Verify your address', url),
        },
        verification: { storeIdentifier: 'hashed' },
      }
    : {}),
});

await (await getMigrations(auth.options)).runMigrations();
const app = express();
app.use((request, _response, next) => {
  // As a reverse proxy in front of it does; other headers pass as they came.
  request.headers['x-forwarded-for'] = request.socket.remoteAddress.replace('::ffff:', '');
  next();
});
app.all('/api/auth/*splat', toNodeHandler(auth));
const server = app.listen(0, '127.0.0.1', () => console.log(`listens on http://127.0.0.1:${server.address().port}`));
