import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { read } from './reader.js';

const blocks = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * One Ed25519 private key or several: PEM blocks (PKCS#8; line ends may be written as `\n`) one after the other, a JWK,
 * or a JWK Set. The first signs, all verify; no key may be given twice.
 */
export const signingKeys = read<readonly KeyObject[]>(
  'an Ed25519 private key: PKCS#8 PEM or JWK; several as PEM blocks one after the other or as a JWK Set: the first signs, ' +
    'all verify, each once',
  (text) => {
    const keys = text.startsWith('{') ? fromJson(text) : fromPem(text.replaceAll('\\n', '\n'));
    if (keys.length === 0 || keys.some(({ asymmetricKeyType: type }) => type !== 'ed25519')) return undefined;
    const different = new Set(keys.map((key) => createPublicKey(key).export({ format: 'jwk' }).x));
    return different.size === keys.length ? keys : undefined;
  },
);

function fromPem(text: string): KeyObject[] {
  // Text around the blocks is ignored; a dashed line outside of a block is half a block, so the copy is incomplete.
  if (text.replaceAll(blocks, '').includes('-----')) return [];
  return [...text.matchAll(blocks)].map(([block]) => createPrivateKey(block));
}

function fromJson(text: string): KeyObject[] {
  const json = JSON.parse(text) as { keys?: unknown };
  const keys = 'keys' in json ? (json.keys as JsonWebKey[]) : [json as JsonWebKey];
  return keys.map((key) => createPrivateKey({ key, format: 'jwk' }));
}
