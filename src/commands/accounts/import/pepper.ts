import { notAllowed } from '../../../settings/reader.js';
import { readSecretFile } from '../../../settings/secrets/files.js';
import { pepper } from '../../../settings/secrets/pepper.js';
import { CommandFailure } from '../../failure.js';

interface PepperFlags {
  readonly pepperFile?: string;
  readonly withoutPepper?: boolean;
  readonly from?: string;
}

/**
 * The pepper of hashes in the file, or of earlier imports. Nothing in a bcrypt hash tells whether it holds one, so where
 * there is a pepper it has to be said.
 *
 * @param known `PASSWORD_PEPPER`.
 * @throws CommandFailure when the flags or the file are at fault.
 */
export function pepperFor(
  known: string | undefined,
  { pepperFile, withoutPepper, from }: PepperFlags,
): string | undefined {
  if (pepperFile !== undefined && withoutPepper) {
    throw new CommandFailure('--pepper-file and --without-pepper: only one of them can be');
  }
  if (pepperFile === undefined) {
    if (known === undefined || withoutPepper || from !== undefined) return known;
    throw new CommandFailure(
      'PASSWORD_PEPPER is set: say --pepper-file <file> if the bcrypt hashes of the file hold it, else --without-pepper',
    );
  }
  if (from !== undefined) throw new CommandFailure('--pepper-file: the hashes of this product (--from) hold no pepper');
  const given = pepperIn(pepperFile);
  if (known !== undefined && known !== given) {
    throw new CommandFailure('--pepper-file: it holds another pepper than PASSWORD_PEPPER; all accounts have the same');
  }
  return given;
}

function pepperIn(path: string): string {
  const content = readSecretFile(path);
  const reading = 'why' in content ? notAllowed(`the file is of no use: ${content.why}`) : pepper(content.text);
  if (reading.kind === 'NotAllowed') throw new CommandFailure(`--pepper-file: ${reading.fault}`);
  return reading.value;
}
