import { CommandFailure } from '../failure.js';

/** What only the operator can say. */
export interface Question {
  /** What is asked, as a noun: `the column with the address`. */
  readonly about: string;
  /** The option that answers it. */
  readonly option: string;
  readonly candidates: readonly string[];
}

/** Nobody was there to be asked; the message names the option that decides. */
export class OpenChoice extends CommandFailure {
  override name = 'OpenChoice';

  constructor(readonly question: Question) {
    const { about, option, candidates } = question;
    const list = candidates.map((each) => `\n  ${option} ${each}`).join('');
    super(`${about} has to be chosen; one of${list || `\n  ${option} …`}`);
  }
}

/** Asks a person. @returns the answer. @throws OpenChoice when nobody can be asked, or nothing was answered. */
export type Ask = (question: Question) => Promise<string>;

/** For a command without a terminal. */
export const askNobody: Ask = (question) => Promise.reject(new OpenChoice(question));
