import type { SignInMutation } from '../../../schema/sdk/client.js';
import { type Account, password, type Stage } from './stage.js';

/** Signs in from somewhere. */
export function signIn(stage: Stage, { email, password }: Omit<Account, 'id'>): Promise<SignInMutation['signIn']> {
  return stage.stranger().client.signIn({ email, password });
}

/** Whether the password opens the account. */
export async function opens(stage: Stage, email: string, text: string): Promise<boolean> {
  return (await signIn(stage, { email, password: text })).__typename === 'SignedIn';
}

export async function tokenOf(stage: Stage, email: string, text = password): Promise<string | undefined> {
  const result = await signIn(stage, { email, password: text });
  return result.__typename === 'SignedIn' ? result.accessToken : undefined;
}

/** Whether one of the APIs takes the token. */
export async function isTaken(stage: Stage, token: string): Promise<boolean> {
  const caller = stage.stranger();
  const answers = await Promise.all(stage.urls.map(() => caller.as(token).me()));
  return answers.some((account) => account !== null);
}

/** The mails to the owner that tell of a change. */
export function noticesTo(stage: Stage, email: string) {
  return stage.mailsTo(email).filter(({ text }) => !text.includes('#key='));
}
