import type { Millis } from '../time.ts';

/** What a key of the service may do. */
export const SCOPES = ['tokens:read', 'grants:read', 'grants:write', 'metrics'] as const;
/** One of these. */
export type ServiceScope = (typeof SCOPES)[number];

/** A key of the service. The key itself is not stored: only the SHA-256 of its random bits. */
export type ServiceKey = {
  readonly name: string;
  readonly digest: Uint8Array;
  readonly scopes: readonly ServiceScope[];
  /** Only names that begin with it are visible to the key; `undefined` for all. */
  readonly namePrefix: string | undefined;
  /** Shows that a holder of the keeper's keys wrote the row; empty for none. */
  readonly binding: Uint8Array;
  readonly createdAtMs: Millis;
  /** `undefined` for never. */
  readonly expiresAtMs: Millis | undefined;
  /** Roughly; `undefined` for never. */
  readonly usedAtMs: Millis | undefined;
};

/** The keys of the service, which all nodes share. */
export type ServiceKeyVerbs = {
  /** Writes a key under a new name. Returns whether the name was free and less than `most` keys were there. */
  addServiceKey(key: ServiceKey, most: number): Promise<'added' | 'name_taken' | 'too_many'>;
  /** Every key, by name. */
  serviceKeys(): Promise<readonly ServiceKey[]>;
  /** Writes another binding, where the row still has this one. */
  rebindServiceKey(key: Pick<ServiceKey, 'name' | 'binding'>, binding: Uint8Array): Promise<void>;
  /** Returns whether there was one. */
  removeServiceKey(name: string): Promise<boolean>;
  /** Notes when keys were used last. Never earlier than noted before. */
  noteServiceKeyUses(uses: readonly { readonly name: string; readonly usedAtMs: Millis }[]): Promise<void>;
};
