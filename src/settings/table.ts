import { defaultSchema } from '../stores/postgres/schemas.js';
import { accountsValue } from './accounts/accounts-value.js';
import { accentColor, footerLinks, logoFiles } from './brand.js';
import { browserOrigins } from './browser-origins.js';
import { coresOfQuota } from './cores.js';
import { absent, Derived, follows, forDev, inProduction, outsideProduction } from './defaults.js';
import { type SettingDefinition, setting } from './definition.js';
import { eventSecrets, eventUrls } from './events/receivers.js';
import { keyPrefix } from './key-prefix.js';
import { language, ownFiles } from './languages.js';
import { limitSettings } from './limits.js';
import { plainText } from './plain-text.js';
import { proxies } from './proxies.js';
import { read } from './reader.js';
import { schemaName } from './schema-name.js';
import { fileOf } from './secrets/files.js';
import { pepper } from './secrets/pepper.js';
import { secretValues } from './secrets/values.js';
import { signingKeys } from './signing-keys.js';
import { smtpUrls } from './smtp-urls-value.js';
import {
  databaseUrl,
  host,
  integer,
  link,
  list,
  mailbox,
  oneOf,
  onOrOff,
  origin,
  redisUrl,
  seconds,
} from './values.js';

/**
 * Every setting, in the documented order. `docs/settings.md`, `.env.example` and `latchkey settings` are made from
 * this.
 */
export const settingsTable = {
  NODE_ENV: setting({
    value: oneOf('production', 'development', 'test'),
    byDefault: forDev('development', 'production'),
    meaning: 'With `production` every default is the safe one.',
  }),
  PORT: setting({
    value: integer(0, 65535),
    byDefault: 4000,
    meaning:
      'Port of the API: `/graphql`, `/reset-password`, `/.well-known/jwks.json`, `/livez`, `/readyz`. 0 takes a free port.',
  }),
  HOST: setting({
    value: host,
    byDefault: inProduction('0.0.0.0', '127.0.0.1'),
    meaning: 'Address that the API listens on.',
  }),
  OPS_PORT: setting({
    value: integer(0, 65535),
    byDefault: 9464,
    meaning: 'Port of `/livez`, `/readyz` and `/metrics` of each process. 0 = off.',
  }),
  OPS_HOST: setting({ value: host, byDefault: '127.0.0.1', meaning: 'Address that the operations port listens on.' }),
  PUBLIC_URL: setting({
    value: origin,
    byDefault: follows('PORT', (port) => `http://localhost:${port}`),
    meaning: 'Origin of the hosted pages and issuer of access tokens. https in production.',
  }),
  RESET_PAGE_URL: setting({
    value: link('https:', 'http:'),
    byDefault: follows('PUBLIC_URL', (url) => `${url}/reset-password`),
    meaning:
      'Where the link in the mail leads; the key follows after `#key=`. Without a key the page asks for the address.',
  }),
  SIGN_IN_URL: setting({
    value: link('https:', 'http:'),
    byDefault: absent(),
    meaning: 'Where the page leads after a new password was set. https in production.',
  }),
  SUPPORT_URL: setting({
    value: link('https:', 'http:', 'mailto:'),
    byDefault: absent(),
    meaning: 'Where a person objects to a change that they did not make: https in production, or `mailto:`.',
  }),
  DATABASE_URL: setting({
    value: databaseUrl,
    byDefault: absent('embedded in `dev`'),
    meaning:
      'PostgreSQL 13 or newer: `postgres://user:password@host:5432/database`, a Unix socket by its folder ' +
      '(`postgres:///database?host=/run/postgresql`). Not encrypted without `?sslmode=verify-full` (also `verify-ca`, ' +
      '`require`; `sslrootcert`, `sslcert`, `sslkey`). A parameter that is not supported is refused by its name.',
    secret: true,
  }),
  DATABASE_SCHEMA: setting({
    value: schemaName,
    byDefault: defaultSchema,
    meaning:
      'Schema of our tables; the job queue has one of the same name and `_jobs`. Two installations in one database need two. ' +
      'Chosen before the first `latchkey migrate up`, the same in every process.',
  }),
  DATABASE_POOL: setting({
    value: integer(1, 200, 'connections'),
    byDefault: 10,
    meaning: 'Connections to PostgreSQL for statements, at most, in each process.',
  }),
  DATABASE_QUEUE_POOL: setting({
    value: integer(1, 200, 'connections'),
    byDefault: 8,
    meaning: 'Connections to PostgreSQL for jobs, at most, in each process; a worker has one more, to listen.',
  }),
  DATABASE_DIRECT_URL: setting({
    value: databaseUrl,
    byDefault: absent('DATABASE_URL'),
    meaning:
      'URL of PostgreSQL itself, where DATABASE_URL leads to a pooler: for `latchkey migrate`, and for LISTEN, by which the ' +
      'worker hears of new jobs. Without it, behind a pooler in transaction mode, the worker looks for jobs once a second.',
    secret: true,
  }),
  REDIS_URL: setting({
    value: redisUrl,
    byDefault: absent('embedded in `dev`'),
    meaning:
      'Redis 6.2 or newer, or Valkey, with `maxmemory-policy noeviction`: one server (`redis://user:password@host:6379/0`), ' +
      'Sentinels (`redis+sentinel://user:password@host:26379,host:26379/0?master=name`, credentials of the Sentinels ' +
      'as `&sentinel_username=…&sentinel_password=…`) or a cluster (`redis+cluster://user:password@host:6379,host:6379`). ' +
      '`rediss` instead of `redis` is TLS.',
    secret: true,
  }),
  REDIS_KEY_PREFIX: setting({
    value: keyPrefix,
    byDefault: '',
    meaning:
      'Put before every name in Redis (`acme:`), if several programs, or several brands with a database each, share one Redis.',
  }),
  SMTP_URL: setting({
    value: smtpUrls,
    byDefault: absent('embedded in `dev`'),
    meaning:
      'The mail relay (`smtp://user:password@host:587`, or `smtps://…:465` for TLS from the first byte); several, ' +
      'separated by commas, are tried in turn. Parameters: `ignoreTLS`, `requireTLS` (`true`, `false`), `name` (our ' +
      'host name in EHLO; by default the domain of `MAIL_FROM`), `authMethod` (`PLAIN`, `LOGIN`, `CRAM-MD5`), ' +
      '`tls.servername`; others are refused.',
    secret: true,
  }),
  MAIL_FROM: setting({
    value: mailbox,
    byDefault: outsideProduction({ name: 'Latchkey', address: 'no-reply@localhost' }),
    meaning: 'Sender of the mails.',
  }),
  PRODUCT_NAME: setting({
    value: plainText,
    byDefault: outsideProduction('Latchkey'),
    meaning: 'Name of the product in mails and pages: 64 code points at most.',
  }),
  MAIL_REPLY_TO: setting({
    value: mailbox,
    byDefault: absent(),
    meaning: 'Where an answer to a mail goes (`Acme <help@acme.example>`); without it, to `MAIL_FROM`.',
  }),
  LOGO_FILE: setting({
    value: logoFiles,
    byDefault: absent(),
    meaning:
      'The logo above page and mails: the path of an SVG file, of a PNG file, or of one each (`logo.svg,logo.png`), 32 KiB ' +
      'each at most. Mails show the PNG alone, because many mail programs show no SVG; the page prefers the SVG ' +
      '([docs/brand.md](brand.md)).',
  }),
  ACCENT_COLOR: setting({
    value: accentColor('light'),
    byDefault: absent('our blue'),
    meaning:
      'Colour of buttons and links, as `#rrggbb`. One that cannot be read on our grounds (a contrast below 4.5) is refused ' +
      'with the nearest that can.',
  }),
  ACCENT_COLOR_DARK: setting({
    value: accentColor('dark'),
    byDefault: absent('`ACCENT_COLOR`, as light as dark grounds need'),
    meaning: 'The same for people who have chosen dark surroundings.',
  }),
  FOOTER_LINKS: setting({
    value: footerLinks,
    byDefault: [],
    meaning:
      'Up to five links below page and mails, a text and an https URL each, separated by commas: ' +
      '`Imprint https://acme.example/imprint, Privacy https://acme.example/privacy`.',
  }),
  DEFAULT_LANGUAGE: setting({
    value: language,
    byDefault: 'en',
    meaning:
      'Language (BCP 47) of mails where neither the account nor the request names one that there are texts in, and of the ' +
      'page where neither its address nor the browser does.',
  }),
  TEMPLATES_DIR: setting({
    value: ownFiles,
    byDefault: absent(),
    meaning:
      'Folder with what you lay over ours: texts in `locales/<language>.json`, the keys that differ, or all of a further ' +
      'language ([docs/languages.md](languages.md)), and mails in `mail/<name>.mjml` and `.txt` ' +
      '([docs/brand.md](brand.md)). `latchkey templates check` tells what is wrong with them.',
  }),
  SECRET: setting({
    value: secretValues,
    byDefault: absent('made once in `dev`'),
    meaning:
      'Key for MACs and for encrypting the data key; at least 32 random bytes. Several, separated by commas: the first ' +
      'signs, all verify. If there are several and one has other characters than letters, digits and `-_+/=.~`, write a ' +
      'JSON array: `["…","…"]`. When a value is removed, every link that was signed with it stops working.',
    secret: true,
  }),
  ACCESS_TOKEN_SIGNING_KEY: setting({
    value: signingKeys,
    byDefault: absent('made once in `dev`'),
    meaning:
      'Ed25519 private key that signs access tokens: PKCS#8 PEM or JWK. Several, as PEM blocks one after the other or ' +
      'as a JWK Set: the first signs, all verify and stand in `/.well-known/jwks.json`.',
    secret: true,
  }),
  ACCESS_TOKEN_TTL: setting({ value: seconds(86_400), byDefault: 900, meaning: 'Seconds that an access token lives.' }),
  ACCESS_TOKEN_AUDIENCE: setting({
    value: read('1 to 256 printable characters', (text) => (/^[!-~]{1,256}$/.test(text) ? text : undefined)),
    byDefault: follows('PUBLIC_URL', (url) => url),
    meaning: 'The `aud` claim of access tokens.',
  }),
  RESET_KEY_TTL: setting({
    value: seconds(604_800),
    byDefault: 3600,
    meaning:
      'Seconds that a reset key lives, counted from the hand-over of the mail to the relay. Only the key in the last mail ' +
      'that `LIMIT_RESET_PER_ACCOUNT` allows for now, and the key of a mail that this one overtook, live longer: until the ' +
      'limit allows another mail.',
  }),
  RESET_KEY_TTL_MAX: setting({
    value: seconds(604_800),
    byDefault: 86_400,
    meaning:
      'Seconds; no reset key lives longer (NIST SP 800-63B-4 allows 24 hours by mail). `RESET_KEY_TTL` or a window of ' +
      '`LIMIT_RESET_PER_ACCOUNT` above it is refused.',
  }),
  RESET_REQUEST_DEADLINE: setting({
    value: seconds(604_800),
    byDefault: 3600,
    meaning: 'Seconds after which a reset request whose mail could not be delivered is given up.',
  }),
  ...limitSettings,
  PASSWORD_MIN_LENGTH: setting({
    value: integer(8, 64, 'code points'),
    byDefault: 15,
    meaning: 'Least length of a password in code points.',
  }),
  PASSWORD_PEPPER: setting({
    value: pepper,
    byDefault: absent(),
    meaning:
      'The secret that another system appends to passwords before bcrypt (`config.pepper` of Devise), as it is there: for ' +
      'accounts imported with `--pepper-file`, and for `"pepper": true` in `ACCOUNTS`. Hashes of our own hold none.',
    secret: true,
  }),
  ARGON2_MEMORY_KIB: setting({
    value: integer(12288, 1_048_576, 'KiB'),
    byDefault: 19_456,
    meaning: 'argon2id memory; never below the strength of 19456 KiB with time cost 2.',
  }),
  ARGON2_TIME_COST: setting({ value: integer(1, 20), byDefault: 2, meaning: 'argon2id time cost: number of passes.' }),
  HASH_CONCURRENCY: setting({
    value: integer(1, 64),
    byDefault: new Derived('cores that the control group grants, at least 1', () => coresOfQuota()),
    meaning:
      'Passwords hashed at the same time in one process. Imported foreign hashes are verified in a lane of their own beside it.',
  }),
  HASH_QUEUE: setting({
    value: integer(0, 10_000),
    byDefault: 64,
    meaning: 'Calls that may wait to hash a password; further calls are told to try again.',
  }),
  ACCOUNTS: setting({
    value: accountsValue,
    byDefault: absent('our own table'),
    meaning:
      'Where accounts live, if they live in the users table of an app: the path of a JSON file, or the JSON itself ' +
      '(`{"table": "public.users", "passwordHash": "password"}`; see `docs/adopt.md`). Then `SIGN_UP` is closed.',
  }),
  SIGN_IN: setting({
    value: onOrOff,
    byDefault: true,
    meaning:
      'Whether people sign in here. `off` leaves the recovery alone: `signIn`, `signOutEverywhere`, `changePassword` and ' +
      '`signUp` answer that they are disabled, and `ACCESS_TOKEN_SIGNING_KEY` is not needed.',
  }),
  SIGN_UP: setting({
    value: oneOf('open', 'closed', 'confirm'),
    byDefault: new Derived<'open' | 'closed' | 'confirm'>(
      'closed; open for `dev` with our own table and `SIGN_IN`',
      ({ command, NODE_ENV, ACCOUNTS, SIGN_IN }) =>
        command === 'dev' && NODE_ENV !== 'production' && !ACCOUNTS && SIGN_IN ? 'open' : 'closed',
    ),
    meaning:
      'Whether `signUp` makes accounts: `open` does, and production refuses it; with `confirm` it sends a link by mail, and `confirmSignUp` makes the account.',
  }),
  EVENTS_URL: setting({
    value: eventUrls,
    byDefault: absent(),
    meaning:
      'Where other services are told of every change of a credential made here ([docs/events.md](events.md)): up to four ' +
      'URLs, separated by commas, https in production. The same in the API, the workers and for `latchkey account`.',
    secret: true,
  }),
  EVENTS_SECRET: setting({
    value: eventSecrets,
    byDefault: absent(),
    meaning:
      'Signs events as Standard Webhooks says: one for each URL, in their order, separated by commas (`whsec_` and base64, ' +
      'or text; at least 24 bytes). `a1|a2,b`: both of the first sign, while it is being replaced. Only workers need it.',
    secret: true,
  }),
  EVENTS_FORMAT: setting({
    value: oneOf('webhook', 'caep'),
    byDefault: 'webhook',
    meaning:
      '`caep`: events are Security Event Tokens (RFC 8417, CAEP), signed with `ACCESS_TOKEN_SIGNING_KEY` and pushed as RFC 8935 ' +
      'says; then the workers need that key, and `EVENTS_SECRET` is refused.',
  }),
  TRUST_PROXY: setting({
    value: proxies,
    byDefault: [],
    meaning:
      'Networks whose `X-Forwarded-For` is believed: proxies, and your own servers that call on behalf of a person. ' +
      'Together they may cover at most a sixteenth of IPv4 and of 2000::/3.',
  }),
  CORS_ORIGINS: setting({
    value: browserOrigins,
    byDefault: inProduction<readonly string[]>(
      [],
      ['https://studio.apollographql.com', 'https://sandbox.embed.apollographql.com'],
    ),
    meaning:
      'Browser origins that may call `/graphql`: `https://app.example`, `https://*.preview.app.example` (the star is one label), ' +
      '`capacitor://localhost`. The default is Apollo Sandbox. In development any port of localhost may call, too.',
  }),
  SANDBOX: setting({
    value: onOrOff,
    byDefault: inProduction<boolean>(false, true),
    meaning: 'Apollo Sandbox as the page at `/graphql`.',
  }),
  INTROSPECTION: setting({
    value: onOrOff,
    byDefault: inProduction<boolean>(false, true),
    meaning: 'Whether introspection of the schema is allowed.',
  }),
  LOG_LEVEL: setting({
    value: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    byDefault: 'info',
    meaning: 'Least level of a log line (pino).',
  }),
  SETTINGS_IGNORE: setting({
    value: list('names of environment variables', (text) => (/^\w{1,128}$/.test(text) ? text : undefined)),
    byDefault: [],
    meaning:
      'Names that are no setting of this version but are accepted and ignored, for instance while a version is rolled back. ' +
      'Other unknown names that begin with `LIMIT_`, `RESET_`, `ARGON2_`, `HASH_`, `PASSWORD_M` or `ACCESS_TOKEN_` are refused.',
  }),
};

export type SettingName = keyof typeof settingsTable;

export const settingRows = Object.entries<SettingDefinition>(settingsTable);
/** Settings that may stand in a file instead (`SECRET_FILE`). */
export const secretNames = settingRows.flatMap(([name, { secret }]) => (secret ? [name] : []));
export const knownNames = [...settingRows.map(([name]) => name), ...secretNames.map(fileOf)];
