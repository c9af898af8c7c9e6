export const up = ({ schema }) => schema.alterTable('users', (table) => table.timestamp('deleted_at'));

export const down = ({ schema }) => schema.alterTable('users', (table) => table.dropColumn('deleted_at'));
