// Ends the sessions of an app when Latchkey says that a credential changed. See docs/events.md.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { EVENTS_SECRET = '', PORT = '3100' } = process.env;
const key = Buffer.from(EVENTS_SECRET.replace(/^whsec_/, ''), EVENTS_SECRET.startsWith('whsec_') ? 'base64' : 'utf8');
if (key.length < 24) throw new Error('EVENTS_SECRET must be the secret that Latchkey signs with');
/** In an app both are in its database, and change in one transaction. */
const sessions = new Map([['a session', '0b9cbb0e-6d3f-4c53-8e0a-2f3a51f0c3aa']]);
const newest = new Map();

function isSigned(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures = '' } = headers;
  if (!(Math.abs(Date.now() / 1000 - Number(at)) < 300)) return false;
  const own = createHmac('sha256', key).update(`${id}.${at}.${body}`).digest();
  const given = signatures.split(' ').map((each) => Buffer.from(each.replace(/^v1,/, ''), 'base64'));
  return given.some((each) => each.length === own.length && timingSafeEqual(each, own));
}

/** @returns the status of the answer: 2xx only once it is done, because Latchkey sends it again after any other. */
async function receive(request) {
  let body = '';
  for await (const text of request.setEncoding('utf8')) {
    body += text;
    if (body.length > 65_536) return 413;
  }
  if (!isSigned(request.headers, body)) return 401;
  const { type, data } = JSON.parse(body);
  const { accountId, sequence } = data;
  if (sequence <= (newest.get(accountId) ?? 0)) return 204; // a repeat, or too late
  newest.set(accountId, sequence);
  if (type === 'account.enabled') return 204;
  for (const [session, owner] of sessions) if (owner === accountId) sessions.delete(session);
  console.log(`${type} ${sequence}: ended the sessions of ${accountId}`);
  return 204;
}

const server = createServer(async (request, response) => {
  const status = await receive(request).catch(() => 400); // for instance, the line broke
  response.writeHead(status).end();
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
