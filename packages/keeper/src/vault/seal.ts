import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { KeeperError } from '../errors.ts';
import type { KeyRing } from './key-ring.ts';
import { rowKey } from './key-ring.ts';

/** What a sealed value belongs to. Where one of these differs, it does not open: rows and columns cannot be swapped. */
export type Binding = { readonly row: string; readonly column: string; readonly turn: string };

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 5;
const ALGORITHM = 'aes-256-gcm';

const associated = ({ row, column, turn }: Binding): Buffer =>
  Buffer.from(JSON.stringify([row, column, turn]));

/** Encrypts with the current key: version (1 byte), key id (4), nonce (12), text, tag (16). */
export const seal = ({ current }: KeyRing, binding: Binding, text: string): Uint8Array => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, rowKey(current, binding.row), nonce);
  const header = Buffer.concat([Buffer.from([VERSION]), Buffer.from(current.id, 'hex')]);
  cipher.setAAD(Buffer.concat([header, associated(binding)]));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([header, nonce, sealed, cipher.getAuthTag()]);
};

/** The id of the key that a value was sealed with. */
export const keyIdOf = (sealed: Uint8Array): string =>
  Buffer.from(sealed.subarray(1, HEADER_BYTES)).toString('hex');

/** Decrypts with whichever listed key sealed it. Throws `KeeperError` where none did, or the value is not its own. */
export const unseal = (keys: KeyRing, binding: Binding, sealed: Uint8Array): string => {
  const id = keyIdOf(sealed);
  const key = keys.all.find((one) => one.id === id);
  if (key === undefined)
    throw new KeeperError(
      'key_unknown',
      `A value was sealed with the key ${id}, which is not among the keys`,
      'Add that key after the current one, and run "rekey" before you remove it.',
    );
  try {
    const header = sealed.subarray(0, HEADER_BYTES);
    const nonce = sealed.subarray(HEADER_BYTES, HEADER_BYTES + NONCE_BYTES);
    const text = sealed.subarray(HEADER_BYTES + NONCE_BYTES, sealed.length - TAG_BYTES);
    const decipher = createDecipheriv(ALGORITHM, rowKey(key, binding.row), nonce);
    decipher.setAAD(Buffer.concat([header, associated(binding)]));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new KeeperError(
      'value_damaged',
      `A sealed value of ${binding.row} does not open as ${binding.column}`,
      'The row is damaged, or was copied from another place: restore it from a backup of this store.',
      { cause: error },
    );
  }
};
