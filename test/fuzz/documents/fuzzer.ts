import { send } from '../../attacks/attack.js';
import { judgeAnswer } from '../api/answers.js';
import { type Server, Stage } from '../api/stage.js';
import type { Fuzzer } from '../fuzzer.js';
import { type DocumentCase, documentCases } from './cases.js';

/** Sends generated bodies to the API. @param start starts the server; it is stopped at the end. */
export function documentsOver(start: () => Promise<Server>): Fuzzer<DocumentCase> {
  return {
    name: 'documents',
    cases: documentCases,
    open: async (opening) => {
      const server = await start();
      const stage = new Stage(server, opening);
      const judge = async ({ type, body }: DocumentCase) => {
        const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
        return judgeAnswer(await stage.during(() => send(server.url, { headers, body })));
      };
      return {
        judge,
        rest: () => stage.rest(),
        finish: () => stage.finish(),
        close: async () => void (await server.stop()),
      };
    },
  };
}
