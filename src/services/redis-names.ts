/**
 * How every name of ours in Redis begins. Health tries to write, read and drop one of each, because rights may be given
 * by pattern; a test holds this list against what is written.
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
