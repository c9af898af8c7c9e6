import { notAllowed, type Reader } from './reader.js';

/** PostgreSQL's bound is 63 bytes, pg-boss's is 50; the schema of the job queue has `_jobs` at the end. */
const longest = 45;
const allowed = `allowed: 1 to ${longest} of a-z 0-9 _, not beginning with a digit`;

/** The name of the schema of our tables. Lower case, so that it is the same name with and without quotes. */
export const schemaName: Reader<string> = (text) => {
  const name = text.trim();
  if (name === 'public') {
    return notAllowed("is where the app's own tables are; give Latchkey a schema of its own: latchkey");
  }
  if (name.startsWith('pg_') || name === 'information_schema') {
    return notAllowed('is a name that PostgreSQL keeps for itself; give Latchkey a schema of its own: latchkey');
  }
  const isName = name.length <= longest && /^[a-z_][a-z0-9_]*$/.test(name);
  return isName ? { kind: 'Read', value: name } : notAllowed(allowed);
};
