import type { IteratedThread } from '../hashing/iterated-thread.js';

/** Algorithm and parameters of a stored hash: all that its time depends on, beside the password. */
export type HashForm =
  | {
      readonly algorithm: 'argon2id' | 'argon2i' | 'argon2d' | 'wrapped';
      readonly memoryKib: number;
      readonly timeCost: number;
      readonly parallelism: number;
    }
  | { readonly algorithm: 'bcrypt'; readonly cost: number }
  | {
      readonly algorithm: 'scrypt';
      /** Logarithm to base 2 of the cost N. */
      readonly logCost: number;
      readonly blockSize: number;
      readonly parallelism: number;
    }
  | {
      readonly algorithm: 'pbkdf2-sha1' | 'pbkdf2-sha256' | 'pbkdf2-sha512';
      /** Iterations of all blocks: a digest that is longer than that of its hash function has several. */
      readonly rounds: number;
    }
  | { readonly algorithm: 'sha256-crypt' | 'sha512-crypt'; readonly rounds: number; readonly saltLength: number }
  /** The cost is the logarithm to base 2 of the rounds. */
  | { readonly algorithm: 'phpass'; readonly cost: number }
  | { readonly algorithm: 'ssha'; readonly rounds: 1 };

/** What a hash needs to be verified, beside the password. */
export interface Tools {
  readonly thread: Pick<IteratedThread, 'run'>;
  /** A secret that another system appends to passwords before bcrypt; undefined if none is known. */
  readonly pepper: string | undefined;
  /** Hashes without the mark of an import hold it, too: an app writes them. */
  readonly appHasPepper: boolean;
}

/** A stored hash that can be verified. */
export interface Reading {
  readonly kind: 'accepted';
  /** In canonical form, as it is stored. */
  readonly hash: string;
  readonly form: HashForm;
  /** Whether the hash depends on the whole password, so that a new hash may depend on the whole of it, too. */
  readonly readsWhole: (password: string) => boolean;
  /** An import marked that it holds a pepper. */
  readonly hasPepper?: true;
  /** Off the event loop, where it takes longer than microseconds. */
  readonly opens: (password: string, tools: Tools) => Promise<boolean>;
}

/** A sentence that says what is wrong with a hash, without a part of the hash in it. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: string;
}

export type HashVerdict = Reading | Refusal;

/** Hashes that one library or standard describes. */
export interface Family {
  /** How its hashes begin; a text is read by the first family whose beginning it has. */
  readonly begins: RegExp;
  /** Strictly: another spelling of the same hash is refused, or brought to the one that is stored. */
  read(text: string): HashVerdict;
  /** SQL: whether a hash may begin so. It is asked of every row, and so compares letters and no pattern. */
  beginsInSql(hash: string): string;
  /**
   * SQL that names the form of a hash that begins so: conditions, each with the name for where it is the first that
   * holds. Patterns are for short parts: over whole hashes one takes as long as thirty comparisons.
   *
   * @param hash SQL expression.
   */
  namesInSql(hash: string): readonly (readonly [condition: string, name: string])[];
  /**
   * A hash that no password matches, because salt and digest are random.
   *
   * @param form its name, in two parts; of a form of this family.
   */
  dummyOf(algorithm: string, parameters: string): string;
  /** The algorithms of its forms. */
  readonly algorithms: readonly HashForm['algorithm'][];
}

/** Of forms that read a password whole. */
export const always = () => true;

export function refused(reason: string): Refusal {
  return { kind: 'refused', reason };
}

/** SQL: whether a text begins with one of these. */
export function beginsWith(hash: string, ...beginnings: readonly string[]): string {
  return `(${beginnings.map((each) => `starts_with(${hash}, '${each}')`).join(' or ')})`;
}

/** SQL: the part of a text between separators, from 1. */
export function part(text: string, by: string, at: number): string {
  return `split_part(${text}, '${by}', ${at})`;
}
