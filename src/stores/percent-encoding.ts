/**
 * How to write special characters of a user name or password in the URL of a relay or store; part of error messages.
 */
export const encodeCredentials =
  'percent-encode the special characters of a user name and a password: `%` is `%25`, `@` is `%40`, `/` is `%2F`, ' +
  '`#` is `%23`, `:` is `%3A`, `?` is `%3F`, `,` is `%2C`, a space is `%20`';
