import { hash } from 'node:crypto';
import type { GrantId } from './grant-id.ts';

/** The longest refresh token of another service that is taken over. */
export const IMPORTED_TOKEN_MAX_CHARACTERS = 512;
export const IMPORTED_DIGEST_BYTES = 32;

/** What is kept of a refresh token that was issued elsewhere: its SHA-256. */
export const digestImportedToken = (token: string): Buffer => hash('sha256', token, 'buffer');

/**
 * The id of the grant that an imported token makes. A function of the token alone, so that a store which lost an import
 * and is given it again knows the tokens that were issued in between: they are ahead of it, and resynchronise.
 */
export const importedGrantId = (digest: Uint8Array): GrantId =>
  hash('sha256', Buffer.concat([Buffer.from('keyfob grant id\0'), digest]), 'buffer').readBigInt64BE();
