// What a receiver uses.
export { default as Ajv } from 'ajv';
export { Webhook } from 'standardwebhooks';
