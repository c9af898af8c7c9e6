import { isTrue, noAddress, type Product, textOf } from './product.js';

/**
 * CSV with the columns that `aws cognito-idp get-csv-header` tells (docs.aws.amazon.com/cognito, "Importing users into
 * user pools from a CSV file"). Cognito gives no hash to anybody, so every account begins with a recovery.
 */
export const cognito: Product = {
  name: 'cognito',
  title: 'Cognito',
  marks: ['cognito:username'],
  translate(user) {
    const email = textOf(user.email);
    if (!email) return noAddress;
    const isOff = user.enabled !== undefined && user.enabled !== null && !isTrue(user.enabled);
    return {
      fields: {
        external_id: textOf(user.sub) ?? textOf(user['cognito:username']),
        email,
        hash: null,
        locale: textOf(user.locale) ?? null,
        status: isOff ? 'disabled' : 'active',
      },
      isUnverified: !isTrue(user.email_verified),
    };
  },
};
