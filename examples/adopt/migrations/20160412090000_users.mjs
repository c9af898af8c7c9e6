export const up = ({ schema, fn }) =>
  schema.createTable('users', (table) => {
    table.increments();
    table.string('email', 254).notNullable().unique();
    table.string('name', 80).notNullable();
    table.string('password', 60);
    table.timestamp('created_at').notNullable().defaultTo(fn.now());
    table.timestamp('updated_at').notNullable().defaultTo(fn.now());
  });

export const down = ({ schema }) => schema.dropTable('users');
