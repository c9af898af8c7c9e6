/** What an operator can do, by the SQLSTATE of a statement that cannot be explained; PostgreSQL's sentence says only what is wrong. */
const remedies: Readonly<Record<string, string>> = {
  // Syntax errors, and what EXPLAIN takes for one: TRUNCATE, COMMIT.
  '42601': 'allowed: an SQL expression; in "also" one SELECT, INSERT, UPDATE, DELETE or MERGE',
  '42703': 'allowed: columns of that table, quoted as in SQL ("userId")',
  '42803': 'allowed: an expression over one row',
  '42804': 'allowed: a condition in "active" (deleted_at IS NULL), in "set" a value of the type of the column',
  '42883': 'cast one side to the type of the other, for instance in a view',
  '42P01': 'allowed: tables of this database, with their schema',
  // A view that is not simple enough to be updated.
  '55000': 'name the table below it, or give the view an INSTEAD OF UPDATE trigger',
  // FOR UPDATE of grouped, combined or limited rows.
  '0A000': 'name a table, or a view without GROUP BY, DISTINCT, UNION, LIMIT and aggregates',
};

/** The sentence of PostgreSQL, and what to do about it where we know that. */
export function withRemedy(code: string, message: string): string {
  const remedy = remedies[code];
  return remedy ? `${message}; ${remedy}` : message;
}
