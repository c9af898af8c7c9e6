/** As connect-pg-simple wants it. */
export const up = ({ schema }) =>
  schema.createTable('session', (table) => {
    table.string('sid').primary();
    table.json('sess').notNullable();
    table.timestamp('expire', { precision: 6, useTz: false }).notNullable().index();
  });

export const down = ({ schema }) => schema.dropTable('session');
