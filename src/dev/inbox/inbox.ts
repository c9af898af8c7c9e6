import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Address, Email } from 'postal-mime';
import type { SMTPServer, SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { importDevelopmentDependency } from '../development-dependency.js';
import { InboxFiles, type ReceivedMail } from './files.js';

/** A mail as received, with its parts decoded. Missing parts and headers are empty. */
export interface InboxMail {
  id: string;
  receivedAt: Date;
  envelope: { from: string; to: string[] };
  subject: string;
  /** As in the header, decoded: `Name <address>`. */
  from: string;
  to: string;
  text: string;
  html: string;
  /** In the order of the mail, decoded; keys in lower case. */
  headers: { key: string; value: string }[];
  raw: Buffer;
  messageId: string | undefined;
}

export interface InboxOptions {
  /** On 127.0.0.1; a free one by default. */
  readonly port?: number;
  /** Mails beyond this number are dropped, oldest first; 200 by default. */
  readonly keep?: number;
  /** Keeps the mails between runs. */
  readonly folder?: string;
}

interface Waiting {
  readonly wanted: (mail: InboxMail) => boolean;
  readonly resolve: (mail: InboxMail) => void;
  readonly reject: (error: Error) => void;
}

const largestMail = 1024 * 1024;

/** An SMTP server for development and tests that delivers nothing: the mails that it received can be read here. */
export class Inbox {
  #mails: InboxMail[] = [];
  readonly #waiting = new Set<Waiting>();
  /** Called with each mail that is received from now on. */
  onMail: (mail: InboxMail) => void = () => undefined;
  /** Files are written one after the other, so that a late write cannot bring a dropped mail back. */
  #writing: Promise<unknown> = Promise.resolve();
  #counter = 0;

  private constructor(
    /** `smtp://127.0.0.1:<port>`: without authentication and TLS. */
    readonly smtpUrl: string,
    private readonly server: SMTPServer,
    private readonly keep: number,
    private readonly files: InboxFiles | undefined,
  ) {}

  /** @throws Error if the port is taken */
  static async start({ port = 0, keep = 200, folder }: InboxOptions = {}): Promise<Inbox> {
    const { SMTPServer } = await importDevelopmentDependency('smtp-server', 'SMTP_URL', () => import('smtp-server'));
    const files = folder === undefined ? undefined : await InboxFiles.open(folder);
    const kept = await Promise.all(((await files?.load()) ?? []).map(parse));
    const server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      size: largestMail,
      rejectOversized: true,
      closeTimeout: 500,
      onData: (stream, session, done) => {
        inbox.#receive(stream, session).then(
          () => done(),
          (error: Error) => done(Object.assign(error, { responseCode: 451 })),
        );
      },
    });
    // A broken connection is reported by the client, not here.
    server.on('error', () => {});
    const listener = server.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    const inbox = new Inbox(`smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`, server, keep, files);
    for (const mail of kept) inbox.#add(mail);
    return inbox;
  }

  /** Newest last. */
  mails(): readonly InboxMail[] {
    return this.#mails;
  }

  find(id: string): InboxMail | undefined {
    return this.#mails.find((mail) => mail.id === id);
  }

  /**
   * The newest mail that satisfies `wanted` among those already there, else the first one to come.
   *
   * @param timeoutMs milliseconds, 30000 by default
   * @throws Error after that time, or when the inbox is stopped
   */
  waitFor(wanted: (mail: InboxMail) => boolean, timeoutMs = 30_000): Promise<InboxMail> {
    const there = this.#mails.findLast(wanted);
    if (there) return Promise.resolve(there);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => waiting.reject(new Error(this.#missed(timeoutMs))), timeoutMs);
      const settle = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
      };
      const waiting: Waiting = {
        wanted,
        resolve: (mail) => [settle(), resolve(mail)],
        reject: (error) => [settle(), reject(error)],
      };
      this.#waiting.add(waiting);
    });
  }

  /** Drops all mails, those kept in the folder too. */
  clear(): void {
    for (const mail of this.#mails.splice(0)) this.#forget(mail);
  }

  /** Ends within 0.5 s, open connections included. May be called again. */
  async stop(): Promise<void> {
    for (const waiting of this.#waiting) waiting.reject(new Error('The inbox was stopped'));
    await new Promise<void>((resolve) => this.server.close(resolve));
    await this.#writing;
  }

  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      // The rest must still be read; then the server answers 552.
      if (stream.sizeExceeded) chunks.length = 0;
      else chunks.push(chunk);
    }
    if (stream.sizeExceeded) return;
    const { mailFrom, rcptTo } = session.envelope;
    const receivedAt = new Date();
    this.#counter += 1;
    const received: ReceivedMail = {
      id: `${receivedAt.toISOString().replace(/\D/g, '')}-${String(this.#counter).padStart(6, '0')}`,
      receivedAt,
      envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) },
      raw: Buffer.concat(chunks),
    };
    const mail = await parse(received);
    const saved = this.#writing.then(() => this.files?.save(received));
    this.#writing = saved.catch(() => {});
    await saved;
    this.#add(mail);
    this.onMail(mail);
  }

  #add(mail: InboxMail): void {
    this.#mails.push(mail);
    while (this.#mails.length > this.keep) {
      const oldest = this.#mails.shift();
      if (oldest) this.#forget(oldest);
    }
    for (const waiting of this.#waiting) {
      try {
        if (waiting.wanted(mail)) waiting.resolve(mail);
      } catch (error) {
        waiting.reject(error as Error);
      }
    }
  }

  #forget({ id }: InboxMail): void {
    this.#writing = this.#writing.then(() => this.files?.remove(id)).catch(() => {});
  }

  #missed(timeoutMs: number): string {
    const there = this.#mails.map(({ to, subject }) => `${JSON.stringify(subject)} to ${to}`);
    return `No such mail within ${timeoutMs} ms; there were ${there.length}: ${there.slice(-5).join(', ')}`;
  }
}

async function parse(received: ReceivedMail): Promise<InboxMail> {
  const { default: PostalMime } = await importDevelopmentDependency(
    'postal-mime',
    'SMTP_URL',
    () => import('postal-mime'),
  );
  const mail = await PostalMime.parse(received.raw);
  return {
    ...received,
    subject: mail.subject ?? '',
    from: mail.from ? addressText(mail.from) : '',
    to: (mail.to ?? []).map(addressText).join(', '),
    text: mail.text ?? '',
    html: withPictures(mail),
    headers: mail.headers.map(({ key, value }) => ({ key, value })),
    messageId: mail.messageId,
  };
}

function addressText(address: Address): string {
  if (address.group) return `${address.name}: ${address.group.map(addressText).join(', ')};`;
  return address.name ? `${address.name} <${address.address}>` : address.address;
}

/** The HTML of a mail with the pictures that came with it, which mail programs find by their `cid:` (RFC 2392). */
function withPictures({ html = '', attachments }: Email): string {
  return attachments.reduce((shown, { contentId, mimeType, content }) => {
    if (!contentId || typeof content === 'string') return shown;
    const bytes = Buffer.from(content instanceof ArrayBuffer ? new Uint8Array(content) : content);
    return shown.replaceAll(`cid:${contentId.slice(1, -1)}`, `data:${mimeType};base64,${bytes.toString('base64')}`);
  }, html);
}
