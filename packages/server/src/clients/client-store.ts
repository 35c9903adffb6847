import type { Fault } from '../language.ts';
import type { Millis, Seconds } from '../clock.ts';
import type { RegisteredKey } from '../tokens/key-state.ts';
import type { ClientChange } from './change.ts';
import type { Client, ClientSecret } from './client.ts';
import type { ClientPage, ClientPlace, ClientSearch } from './client-search.ts';
import type { SecretRoll } from './secret.ts';

/** A client and the registered keys, read together so that the very next request notices a new or a withdrawn key. */
export type ClientReading = {
  readonly client: Client | undefined;
  /** Newest first; the same object as before where nothing has changed. */
  readonly keys: readonly RegisteredKey[];
};

/** The clients and their secrets in a store. */
export type ClientStore = {
  createClient(client: Client): Promise<'created' | 'id_taken'>;
  /** At once where the store has it in memory. */
  readClient(id: string): ClientReading | Promise<ClientReading>;
  /** Every client. For a list of people, `findClients`. */
  listClients(): Promise<readonly Client[]>;
  /** A page of clients in the order of their creation, from an index. */
  findClients(search: ClientSearch): Promise<readonly Client[]>;
  /** The place of the last one of so many clients, from an index; `undefined` where there are fewer. */
  findClientPlace(page: ClientPage): Promise<ClientPlace | undefined>;
  /** The longest lifetime of access tokens in the policies of all clients, from an index; 0 without clients. */
  readLongestAccessTokenLifetime(): Promise<Seconds>;
  /** A page of the clients that wait for approval in the order of their creation, from an index. */
  listWaitingClients(page: ClientPage): Promise<readonly Client[]>;
  /** The redirect URIs of all enabled public clients. */
  listPublicRedirectUris(): Promise<readonly string[]>;
  /** Changes a client. Where the result would break a rule, nothing changes and the faults are returned. */
  changeClient(
    id: string,
    change: ClientChange,
  ): Promise<'changed' | 'unknown' | { readonly faults: readonly Fault[] }>;
  /** Removes a client, and with `withGrants` its grants; without, a client that has grants stays. */
  removeClient(
    id: string,
    options: { readonly withGrants: boolean },
  ): Promise<'removed' | 'unknown' | 'has_grants'>;
  addSecret(
    clientId: string,
    secret: ClientSecret,
    roll?: SecretRoll,
  ): Promise<'added' | 'unknown' | 'too_many'>;
  /** Removes a secret; with `keepLast` not the only one, without which the client would be locked out. */
  removeSecret(
    clientId: string,
    secretId: string,
    options?: { readonly keepLast: boolean },
  ): Promise<'removed' | 'unknown' | 'last'>;
  /**
   * Records when a secret was last used. A use within an hour of the recorded one, or of an unknown secret, changes
   * nothing. It does not count as a change of the client.
   */
  noteSecretUse(clientId: string, secretId: string, nowMs: Millis): Promise<void>;
};
