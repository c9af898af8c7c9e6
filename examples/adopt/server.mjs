// An app as it has grown since 2016: people sign in by address and password. It knows one thing of Latchkey, the address
// behind "Forgot password?".
import { once } from 'node:events';
import { promisify } from 'node:util';
import bcrypt from 'bcryptjs';
import connectPgSimple from 'connect-pg-simple';
import express from 'express';
import session from 'express-session';
import pg from 'pg';
import { openDatabase } from './database.mjs';
import { homePage, signInPage } from './pages.mjs';

const { DATABASE_URL, PORT = '3000', RECOVERY_URL: forgot, SESSION_SECRET } = process.env;
for (const name of ['DATABASE_URL', 'RECOVERY_URL', 'SESSION_SECRET']) {
  if (!process.env[name]) throw new Error(`${name} is not set`);
}

const db = openDatabase(DATABASE_URL);
const sessions = new pg.Pool({ connectionString: DATABASE_URL, max: 3 });
// A connection that PostgreSQL ends is replaced by the pool.
sessions.on('error', () => undefined);
const Store = connectPgSimple(session);
/** No password matches it: an address that nobody has takes as long as one that somebody has. */
const nobody = await bcrypt.hash(crypto.randomUUID(), 10);

const app = express();
app.disable('x-powered-by');
app.use((request, response, next) => {
  response.set('cache-control', 'no-store');
  // A form on another site can neither sign in nor out. Browsers send the header; curl, which has no session, need not.
  const site = request.get('sec-fetch-site') ?? 'same-origin';
  if (request.method === 'POST' && site !== 'same-origin') response.sendStatus(403);
  else next();
});
app.use(express.urlencoded({ extended: false, limit: '4kb' }));
app.use(
  session({
    name: 'fernhill',
    secret: SESSION_SECRET,
    resave: false,
    saveUninitialized: false,
    store: new Store({ pool: sessions, tableName: 'session' }),
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: 14 * 24 * 60 * 60 * 1000 },
  }),
);

app.get('/', async (request, response) => {
  const { userId } = request.session;
  const user = userId && (await db('users').where({ id: userId }).whereNull('deleted_at').first('name'));
  if (!user) return response.redirect(303, '/sign-in');
  const theirs = db('session').whereRaw(`sess ->> 'userId' = ?`, String(userId)).where('expire', '>', db.fn.now());
  const [{ count }] = await theirs.count();
  response.send(homePage({ name: user.name, browsers: Number(count) }));
});

app.get('/sign-in', (_request, response) => response.send(signInPage({ forgot })));

app.post('/sign-in', async (request, response) => {
  const { email, password } = request.body ?? {};
  const given = { email: String(email).trim().toLowerCase(), password: String(password) };
  const user = await db('users').where({ email: given.email }).whereNull('deleted_at').first('id', 'password');
  const isRight = await bcrypt.compare(given.password, user?.password ?? nobody);
  if (!user || !isRight) {
    response.status(401).send(signInPage({ forgot, email: given.email, isRefused: true }));
    return;
  }
  // A new id, so that nobody gets in who has planted the old one.
  await promisify(request.session.regenerate).call(request.session);
  request.session.userId = user.id;
  // Before the answer: express-session saves after its first bytes, and a browser that is quick would not be signed in yet.
  await promisify(request.session.save).call(request.session);
  response.redirect(303, '/');
});

app.post('/sign-out', async (request, response) => {
  await promisify(request.session.destroy).call(request.session);
  response.clearCookie('fernhill').redirect(303, '/sign-in');
});

const server = app.listen(Number(PORT), '127.0.0.1');
await once(server, 'listening');
console.log(`Fernhill Books listens on port ${PORT}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
