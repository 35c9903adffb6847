import { OperatorError } from '../errors.ts';
import { parseKeyRing } from '../tokens/key-ring.ts';
import type { KeyRing } from '../tokens/key-ring.ts';

/** Where a key ring is kept. */
export type KeySource = {
  /** As an operator knows it: a path, or the name of a variable. */
  readonly name: string;
  /** The text of the ring as it is now, in the form that `keyfob keys create` prints. Throws `OperatorError`. */
  read(): string | Promise<string>;
  /**
   * Replaces the text by what `change` makes of it, while no other process does the same. Absent where the ring cannot be
   * written from here. Throws `OperatorError`.
   */
  readonly write?: (change: (text: string) => string) => void | Promise<void>;
};

/** The ring of a source as it is now. Throws `OperatorError`, which names the source. */
export const readKeyRing = async (source: KeySource): Promise<KeyRing> =>
  parseNamed(await source.read(), source.name);

const parseNamed = (text: string, name: string): KeyRing => {
  try {
    return parseKeyRing(text);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(error.code, `${name}: ${error.message}`, error.remedy, { cause: error });
  }
};
