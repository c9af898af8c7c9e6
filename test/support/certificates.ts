import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Issues a certificate for a server or a client. */
  issue(commonName: string, names?: readonly string[], untilYear?: number): Certificate;
}

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...parts: Buffer[]) => der(0x30, ...parts);
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes));
/** A positive integer. DER asks for a first byte from 1 to 127 here. */
const integer = (bytes: Buffer) => der(0x02, bytes);
const yes = der(0x01, Buffer.from([255]));
const time = (year: number) => der(0x18, Buffer.from(`${year}0101000000Z`));
const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const named = (commonName: string) =>
  sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(commonName)))));
const pem = (bytes: Buffer) =>
  `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
const pkcs8 = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** An authority that issues X.509 v3 (RFC 5280) with ECDSA P-256. The DER is written here, so no test needs openssl. */
export function createAuthority(name = 'test authority'): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issueFor = (publicKey: KeyObject, subject: string, extensions: Buffer[], untilYear = 2120) => {
    const body = sequence(
      der(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
      ecdsaWithSha256,
      named(name),
      sequence(time(2020), time(untilYear)),
      named(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = der(0x03, Buffer.from([0]), sign('sha256', body, own.privateKey));
    return pem(sequence(body, ecdsaWithSha256, signature));
  };
  const isAuthority = sequence(oid(0x55, 0x1d, 0x13), yes, der(0x04, sequence(yes)));
  return {
    certificate: issueFor(own.publicKey, name, [isAuthority]),
    key: pkcs8(own.privateKey),
    issue(commonName, names = [], untilYear = 2120) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternatives = names.map((each) =>
        isIP(each) === 4 ? der(0x87, Buffer.from(each.split('.').map(Number))) : der(0x82, Buffer.from(each)),
      );
      const subjectNames = sequence(oid(0x55, 0x1d, 0x11), der(0x04, sequence(...alternatives)));
      return {
        certificate: issueFor(publicKey, commonName, names.length > 0 ? [subjectNames] : [], untilYear),
        key: pkcs8(privateKey),
      };
    },
  };
}
