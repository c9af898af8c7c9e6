/**
 * The beginnings of all our names in Redis. The health check writes, reads and deletes a name of each, because a Redis
 * user may have rights by pattern. A test compares this list with the names that are written.
 */
export const redisFamilies = [
  'reset:',
  'reset-budget:',
  'reset-counted:',
  'sign-up:',
  'sign-up-counted:',
  'unknown-counted:',
  'limit:',
  'dialogue-times',
] as const;
