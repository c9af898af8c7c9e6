// Ends the sessions of an app when Latchkey says that a credential changed. See docs/events.md.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { EVENTS_SECRET = '', PORT = '3100' } = process.env;
const key = Buffer.from(EVENTS_SECRET.replace(/^whsec_/, ''), 'base64');
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

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  const { type, data } = JSON.parse(body);
  const isNew = data.sequence > (newest.get(data.accountId) ?? 0); // else a repeat, or too late
  if (isNew) newest.set(data.accountId, data.sequence);
  if (isNew && type !== 'account.enabled') {
    for (const [session, owner] of sessions) if (owner === data.accountId) sessions.delete(session);
    console.log(`${type} ${data.sequence}: ended the sessions of ${data.accountId}`);
  }
  response.writeHead(204).end();
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
