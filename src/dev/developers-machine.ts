/**
 * Refuses NODE_ENV=production. Hosting platforms may run `npm start` with production's settings, and the inbox shows
 * every reset link.
 *
 * @throws Error that says what to run instead
 */
export function refuseProduction(nodeEnvironment: string | undefined): void {
  if (nodeEnvironment?.trim() !== 'production') return;
  throw new Error(
    '`npm start` and `latchkey dev` are for development and refuse NODE_ENV=production: they show every mail, links ' +
      'included, and take sign-ups from anybody. Run `latchkey migrate`, `latchkey api` and `latchkey worker` instead ' +
      '(docs/operate.md).',
  );
}

/**
 * Refuses databases on other machines.
 *
 * @param urls of PostgreSQL; empty ones are ignored, and one that names no host means this machine
 * @throws Error that names the flag by which a person confirms that it is not a production database
 */
export function refuseForeignDatabase(urls: readonly string[]): void {
  if (urls.every((url) => url === '' || isOnThisMachine(url))) return;
  throw new Error(
    'DATABASE_URL leads to another machine. `npm start` and `latchkey dev` migrate it, and show every mail, links ' +
      'included. If it is for development, say so: npm start -- --yes-this-is-development. In production run ' +
      '`latchkey migrate`, `latchkey api` and `latchkey worker` (docs/operate.md).',
  );
}

function isOnThisMachine(url: string): boolean {
  // Parsed by hand: the URL parser refuses several hosts, and each of them must be checked.
  const authority = /^[a-z]+:\/\/(?:[^@/]*@)?([^/?#]*)/i.exec(url)?.[1] ?? '';
  const inQuery = [...url.matchAll(/[?&](?:host|hostaddr)=([^&#]*)/gi)].map((match) => match[1] ?? '');
  const hosts = [authority, ...inQuery].flatMap((each) => each.split(','));
  return hosts.every((each) => {
    const host = decoded(each).replace(/:\d*$/, '');
    return host === '' || host.startsWith('/') || isLoopback(host);
  });
}

/** @param host a name or an address, IPv6 with or without brackets */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return /^(?:(?:[a-z0-9_-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/.test(name);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
