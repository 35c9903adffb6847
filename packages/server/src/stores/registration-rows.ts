import { readTerms } from '../clients/registration.ts';
import type { RegistrationToken } from '../clients/registration.ts';
import { StoreError } from '../errors.ts';

/** A registration token from a row of the table `registration_tokens`, in every store. */
export const toRegistrationToken = (row: Readonly<Record<string, unknown>>): RegistrationToken => ({
  id: String(row['id']),
  name: String(row['name']),
  digest: row['digest'] instanceof Uint8Array ? row['digest'] : damaged('digest'),
  terms: readTerms(String(row['terms'])) ?? damaged('terms'),
  usesLeft: Number(row['uses_left']),
  createdAtMs: Number(row['created_at_ms']),
  expiresAtMs: Number(row['expires_at_ms']),
});

const damaged = (column: string): never => {
  throw new StoreError('unavailable', `the store is damaged: registration_tokens.${column}`);
};
