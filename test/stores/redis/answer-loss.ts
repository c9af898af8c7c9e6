import { TcpProxy } from '../../support/tcp-proxy.js';

/** A proxy before a Redis that can lose an answer: the server executes the command, the client gets no answer. */
export class AnswerLoss {
  /** The next command to lose: its possible names, and how many commands with these names pass before it. */
  #next: { names: readonly string[]; passing: number } | undefined;
  /** The name of the command whose answer was lost. */
  lost: string | undefined;

  private constructor(private readonly proxy: TcpProxy) {}

  static async before(port: number): Promise<AnswerLoss> {
    return new AnswerLoss(await TcpProxy.to(`redis://127.0.0.1:${port}`));
  }

  get port(): number {
    return this.proxy.port;
  }

  /** Lets `passing` of these commands through, then loses the answer to the next one and cuts its connection. */
  lose(names: readonly string[], passing = 0): void {
    this.#next = { names, passing };
    this.lost = undefined;
    void this.proxy.cutAt((text) => this.#isToLose(text), 'after');
  }

  stop(): void {
    this.proxy.shut();
  }

  #isToLose(text: string): boolean {
    for (const [, name = ''] of text.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
      if (!this.#next?.names.includes(name.toLowerCase()) || this.#next.passing-- > 0) continue;
      this.#next = undefined;
      this.lost = name.toLowerCase();
      return true;
    }
    return false;
  }
}
