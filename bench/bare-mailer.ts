import { createTransport } from 'nodemailer';
import { answerCalls } from './child.js';

const tasks = {
  /** Sends the same mail to every address, with nodemailer's pool and its default options. */
  async send(input: {
    url: string;
    from: string;
    addresses: readonly string[];
    mail: { subject: string; html: string; text: string };
    connections: number;
    slots: number;
  }): Promise<void> {
    const transport = createTransport({ url: input.url, pool: true, maxConnections: input.connections });
    const waiting = [...input.addresses];
    const work = async () => {
      for (let to = waiting.pop(); to; to = waiting.pop()) {
        await transport.sendMail({ from: input.from, to, ...input.mail });
      }
    };
    await Promise.all(Array.from({ length: input.slots }, work));
    transport.close();
  },
};
export type BareMailerTasks = typeof tasks;

answerCalls(tasks);
