import type { Client } from '@keyfob/server/clients';
import type { AuthorizationCode, Grant } from '@keyfob/server/grants';
import { toMillis, toSeconds } from '@keyfob/server/grants';
import type { CodeUse, RefreshUse, Store } from '@keyfob/server/stores';
import { readGrantId, writeGrantId } from '@keyfob/server/tokens';

/** One operation on the store. Grant ids have 16 hexadecimal digits. */
export type Step =
  | { readonly verb: 'registerKey'; readonly number: number }
  | { readonly verb: 'createClient'; readonly client: string; readonly rotation: 'overlap' | 'strict' }
  | { readonly verb: 'renameClient'; readonly client: string; readonly name: string }
  | { readonly verb: 'addSecret'; readonly client: string; readonly secret: string }
  | { readonly verb: 'createGrant'; readonly grant: string; readonly client: string }
  | { readonly verb: 'createCode'; readonly grant: string; readonly client: string }
  | { readonly verb: 'redeemCode'; readonly grant: string; readonly at: number }
  | { readonly verb: 'refresh'; readonly grant: string; readonly keyNumber: number }
  | { readonly verb: 'revoke'; readonly grant: string; readonly at: number }
  | { readonly verb: 'reinstate'; readonly grant: string }
  | { readonly verb: 'prune'; readonly endedBefore: number }
  | { readonly verb: 'checkpoint' };

/** The start of the run, in integer seconds. */
export const STARTED_AT = 1_750_000_000;
const OVERLAP_GRANT = '0000000000000001';
/** Negative when read as a signed integer. */
const STRICT_GRANT = 'f000000000000002';
/** The grant in the trials of a failed sync. */
export const SYNC_GRANT = { id: STRICT_GRANT, clientId: 'client-strict' } as const;
const PRUNED_GRANT = '0000000000000003';
/** Created by a code. */
const CODE_GRANT = '0000000000000004';
/** Before every other revocation. */
const FIRST_REVOKED_AT = STARTED_AT + 10;

const refreshOf = (grant: string, keyNumber = 1): Step => ({ verb: 'refresh', grant, keyNumber });
const BOTH = [refreshOf(OVERLAP_GRANT), refreshOf(STRICT_GRANT)];

/** The run that every sweep repeats. The store receives the steps of one inner list concurrently. */
export const RUN: readonly (readonly Step[])[] = [
  [{ verb: 'registerKey', number: 1 }],
  [
    { verb: 'createClient', client: 'client-overlap', rotation: 'overlap' },
    { verb: 'createClient', client: 'client-strict', rotation: 'strict' },
  ],
  [{ verb: 'createGrant', grant: OVERLAP_GRANT, client: 'client-overlap' }],
  [
    { verb: 'createGrant', grant: STRICT_GRANT, client: 'client-strict' },
    { verb: 'createGrant', grant: PRUNED_GRANT, client: 'client-strict' },
  ],
  [{ verb: 'createCode', grant: CODE_GRANT, client: 'client-overlap' }, refreshOf(OVERLAP_GRANT)],
  [refreshOf(STRICT_GRANT)],
  [{ verb: 'redeemCode', grant: CODE_GRANT, at: STARTED_AT + 1 }],
  BOTH,
  [{ verb: 'checkpoint' }],
  BOTH,
  [{ verb: 'revoke', grant: STRICT_GRANT, at: STARTED_AT + 100 }],
  [{ verb: 'revoke', grant: PRUNED_GRANT, at: FIRST_REVOKED_AT }],
  // A second use of the code, if the first was answered: too late for a page that was only reloaded.
  [
    { verb: 'reinstate', grant: STRICT_GRANT },
    { verb: 'redeemCode', grant: CODE_GRANT, at: STARTED_AT + 20 },
  ],
  [{ verb: 'registerKey', number: 2 }],
  [refreshOf(STRICT_GRANT, 2), { verb: 'addSecret', client: 'client-strict', secret: 'second' }],
  [refreshOf(OVERLAP_GRANT, 2), { verb: 'renameClient', client: 'client-overlap', name: 'renamed' }],
  [{ verb: 'prune', endedBefore: FIRST_REVOKED_AT + 1 }],
  [refreshOf(OVERLAP_GRANT, 2), refreshOf(STRICT_GRANT, 2)],
];

/** Everything a store contains, as plain values, sorted by id. */
export type StoreContents = {
  readonly keys: readonly number[];
  readonly clients: readonly ClientRecord[];
  readonly grants: readonly GrantRecord[];
  /** Every stored grant event, as kind and grant id. */
  readonly grantEvents: readonly string[];
};

export type ClientRecord = {
  readonly id: string;
  readonly name: string;
  readonly rotation: string;
  readonly secrets: readonly string[];
};

export type GrantRecord = {
  readonly id: string;
  readonly clientId: string;
  readonly generation: number;
  readonly keyNumber: number;
  readonly rotatedAtMs: readonly number[];
  readonly rotatedBy: string | null;
  readonly useDigest: string | null;
  readonly revokedAt: number | null;
};

export const EMPTY_STORE: StoreContents = { keys: [], clients: [], grants: [], grantEvents: [] };

const toClientRecord = ({ id, name, policy, secrets }: Client): ClientRecord => ({
  id,
  name,
  rotation: policy.rotation,
  secrets: secrets.map((secret) => secret.id).sort(),
});

const toGrantRecord = (grant: Grant): GrantRecord => ({
  id: writeGrantId(grant.id),
  clientId: grant.clientId,
  generation: grant.generation,
  keyNumber: grant.keyNumber,
  rotatedAtMs: grant.rotatedAtMs,
  rotatedBy: grant.rotatedBy?.userAgent ?? null,
  useDigest: grant.useDigest === undefined ? null : Buffer.from(grant.useDigest).toString('hex'),
  revokedAt: grant.revocation === undefined ? null : toSeconds(grant.revocation.atMs),
});

/** The store's id for the grant of a step. */
export const idOf = (grant: string): bigint => {
  const id = readGrantId(grant);
  if (id === undefined) throw new Error(`${grant} is not a grant id`);
  return id;
};

/** The inputs of the refresh that creates a generation. Only one of the grants is refreshed with a digest. */
export const refreshInputOf = (grant: string, generation: number) => ({
  nowMs: (STARTED_AT + generation) * 1000,
  userAgent: `agent/${generation}`,
  useDigest: grant === OVERLAP_GRANT ? new Uint8Array(16).fill(generation) : undefined,
});

/** A refresh, in the form that the store expects. */
export const refreshUseOf = (
  grant: GrantRecord | { readonly id: string; readonly clientId: string },
  presented: number,
  options: { readonly keyNumber: number; readonly isRetryOfOurs: boolean },
): RefreshUse => {
  const { nowMs, userAgent, useDigest } = refreshInputOf(grant.id, presented + 1);
  return {
    requestId: `${grant.id} ${presented}`,
    presented: {
      grantId: idOf(grant.id),
      generation: presented,
      clientId: grant.clientId,
      brand: undefined,
      useDigest,
      isRetryOfOurs: options.isRetryOfOurs,
    },
    nowMs,
    doubt: undefined,
    keyNumber: options.keyNumber,
    caller: { address: '192.0.2.1', userAgent },
  };
};

export const sortNumbers = (numbers: readonly number[]): readonly number[] =>
  [...numbers].sort((left, right) => left - right);

/** An authorization code, in the form that the store expects. */
export const codeOf = (grant: string, clientId: string): AuthorizationCode => ({
  grantId: idOf(grant),
  clientId,
  redirectUri: 'https://app.example/callback',
  codeChallenge: undefined,
  issuedAtMs: toMillis(STARTED_AT),
  subject: 'owner',
  scope: 'read_odometer',
  brand: undefined,
  vehicles: [],
});

/** A use of a code, in the form that the store expects. */
export const codeUseOf = (
  { grantId, clientId, redirectUri, issuedAtMs, brand }: AuthorizationCode,
  at: number,
  isRetryOfOurs: boolean,
): CodeUse => ({
  requestId: `code ${at}`,
  presented: {
    grantId,
    issuedAt: toSeconds(issuedAtMs),
    clientId,
    brand,
    redirectUri,
    onlyRedirectUri: undefined,
    isRetryOfOurs,
    codeVerifier: undefined,
    useDigest: undefined,
  },
  nowMs: at * 1000,
  doubt: undefined,
  keyNumber: 1,
  caller: { address: '192.0.2.1', userAgent: 'agent/code' },
});

/** Reads everything a store contains. */
export const readContents = async (store: Store): Promise<StoreContents> => {
  const keys = await store.listKeys();
  const clients = await store.listClients();
  const grants = await store.listGrants({ limit: 100 });
  const events = await store.listGrantEvents({ after: 0, limit: 100 });
  return {
    keys: sortNumbers(keys.map(({ number }) => number)),
    clients: clients.map(toClientRecord).sort((left, right) => (left.id < right.id ? -1 : 1)),
    grants: grants.map(toGrantRecord),
    grantEvents: events.map(({ kind, grantId }) => `${kind} ${writeGrantId(grantId)}`).sort(),
  };
};
