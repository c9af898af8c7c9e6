import { Macs } from '../../secrets/macs.js';
import type { RecordForm } from './record-form.js';

const purpose = 'latchkey reset record v1';
const macBytes = 16;
/** Bytes: account id 16, version 4, expiry (milliseconds) 8, MAC 16. 44 is the longest string that Redis embeds. */
const recordBytes = 16 + 4 + 8 + macBytes;

/** Records of keys for accounts in our own table: every field has a fixed length. */
export function ownRecord(secrets: readonly string[]): RecordForm {
  // `joined`, as in the first release, whose records stay readable; safe because every field has a fixed length.
  const macs = new Macs(secrets, purpose, 'joined');
  return {
    write(digest, { accountId, credentialVersion, expiresAt }) {
      const bytes = Buffer.alloc(recordBytes);
      bytes.write(accountId.replaceAll('-', ''), 0, 'hex');
      bytes.writeUInt32BE(credentialVersion, 16);
      bytes.writeBigUInt64BE(BigInt(expiresAt.getTime()), 20);
      macs.sign(digest, signedPart(bytes)).copy(bytes, recordBytes - macBytes);
      return bytes;
    },
    read(digest, bytes) {
      if (bytes.length !== recordBytes) return undefined;
      if (!macs.verify(bytes.subarray(recordBytes - macBytes), digest, signedPart(bytes))) return undefined;
      return {
        shape: '',
        accountId: bytes.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
        credentialVersion: bytes.readUInt32BE(16),
        expiresAt: new Date(Number(bytes.readBigUInt64BE(20))),
        mark: Buffer.alloc(0),
      };
    },
  };
}

function signedPart(record: Buffer): Buffer {
  return record.subarray(0, recordBytes - macBytes);
}
