import { Macs } from '../../secrets/macs.js';
import type { RecordForm } from './record-form.js';

const purpose = 'latchkey reset record v2';
const macBytes = 16;

/**
 * Records of keys for accounts in an app's table: table, id, version, expiry and the mark of the stamp, each after its
 * length (2 bytes), then the MAC over all of them. The ids of an app have any length.
 */
export function shapedRecord(secrets: readonly string[], shape: string): RecordForm {
  const macs = new Macs(secrets, purpose);
  return {
    write(digest, { accountId, credentialVersion, expiresAt, mark }) {
      const fields = [shape, accountId, String(credentialVersion), String(expiresAt.getTime()), mark].map(bytesOf);
      return Buffer.concat([...fields.flatMap((field) => [lengthOf(field), field]), macs.sign(digest, ...fields)]);
    },
    read(digest, bytes) {
      const fields = fieldsOf(bytes.subarray(0, -macBytes));
      if (fields?.length !== 5 || !macs.verify(bytes.subarray(-macBytes), digest, ...fields)) return undefined;
      const [of, accountId, version, expiry] = fields.map(String) as [string, string, string, string];
      return {
        shape: of,
        accountId,
        credentialVersion: Number(version),
        expiresAt: new Date(Number(expiry)),
        mark: Buffer.from(fields[4] ?? ''),
      };
    },
  };
}

/** Undefined unless the lengths add up to the whole. */
function fieldsOf(bytes: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 2 > bytes.length) return undefined;
    const end = at + 2 + bytes.readUInt16BE(at);
    if (end > bytes.length) return undefined;
    fields.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return fields;
}

function bytesOf(field: string | Buffer): Buffer {
  return typeof field === 'string' ? Buffer.from(field) : field;
}

/** @throws RangeError for a field of 64 KiB or more. */
function lengthOf(field: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(field.length);
  return length;
}
