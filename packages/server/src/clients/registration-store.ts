import type { Millis } from '../clock.ts';
import type { Client } from './client.ts';
import type { RegistrationToken } from './registration.ts';

/** The registration tokens in a store. */
export type RegistrationStore = {
  /** Drops those that have ended where there are too many. */
  createRegistrationToken(token: RegistrationToken): Promise<'created' | 'id_taken' | 'too_many'>;
  /** In the order of creation, those that have ended among them. */
  listRegistrationTokens(): Promise<readonly RegistrationToken[]>;
  findRegistrationToken(digest: Uint8Array): Promise<RegistrationToken | undefined>;
  removeRegistrationToken(id: string): Promise<'removed' | 'unknown'>;
  /**
   * Stores a client that registers itself, and counts the use of its token. `token_ended`: there is no such token, it has expired, or
   * it was used as often as it may be. Of two callers with the last use, one gets it.
   */
  registerByToken(
    digest: Uint8Array,
    client: Client,
    nowMs: Millis,
  ): Promise<'created' | 'id_taken' | 'token_ended'>;
};
