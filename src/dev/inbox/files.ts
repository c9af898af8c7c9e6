import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A mail as it was received, not decoded. */
export interface ReceivedMail {
  /** Sorts by time of receipt. */
  readonly id: string;
  readonly receivedAt: Date;
  readonly envelope: { from: string; to: string[] };
  readonly raw: Buffer;
}

const idPattern = /^[0-9A-Za-z-]{1,64}$/;

/** Mails in a folder: `<id>.eml`, which every mail program opens, and beside it the envelope in `<id>.json`. */
export class InboxFiles {
  private constructor(private readonly folder: string) {}

  static async open(folder: string): Promise<InboxFiles> {
    // Mails hold reset links.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new InboxFiles(folder);
  }

  /** All mails, oldest first. Damaged files and files of other programs are skipped. */
  async load(): Promise<ReceivedMail[]> {
    const names = (await readdir(this.folder)).filter((name) => name.endsWith('.json')).sort();
    const mails = await Promise.all(names.map((name) => this.#read(name.slice(0, -'.json'.length))));
    return mails.filter((mail) => mail !== undefined);
  }

  async save({ id, receivedAt, envelope, raw }: ReceivedMail): Promise<void> {
    await writeFile(join(this.folder, `${id}.eml`), raw, { mode: 0o600 });
    // The envelope is written last and appears whole: a mail without an envelope is ignored.
    const unfinished = join(this.folder, `${id}.new`);
    await writeFile(unfinished, JSON.stringify({ receivedAt, envelope }), { mode: 0o600 });
    await rename(unfinished, join(this.folder, `${id}.json`));
  }

  async remove(id: string): Promise<void> {
    await rm(join(this.folder, `${id}.json`), { force: true });
    await rm(join(this.folder, `${id}.eml`), { force: true });
  }

  async #read(id: string): Promise<ReceivedMail | undefined> {
    if (!idPattern.test(id)) return undefined;
    try {
      const { receivedAt, envelope } = JSON.parse(await readFile(join(this.folder, `${id}.json`), 'utf8'));
      const mail = {
        id,
        receivedAt: new Date(receivedAt),
        envelope: { from: String(envelope.from), to: envelope.to.map(String) },
        raw: await readFile(join(this.folder, `${id}.eml`)),
      };
      return Number.isNaN(mail.receivedAt.getTime()) ? undefined : mail;
    } catch {
      return undefined;
    }
  }
}
