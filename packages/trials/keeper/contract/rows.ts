import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Grant } from '@keyfob/keeper';
import type { LinkBinder, PruneBounds, Put, Seen, Settlement, Store } from '@keyfob/keeper/stores';

/** Opens a store that is empty, or another connection to the last one. Closed when the test ends. */
export type OpenForContract = (scope: TestContext) => Promise<{
  readonly store: Store;
  /** Another process's view of the same store; with `links`, of one that binds connections in another way. */
  again(links?: LinkBinder): Promise<Store>;
}>;

/** A text as bytes. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** What a keeper with other keys writes beside every connection. */
export const OTHER_KEYS = 'other keys';
/** Binds connections by what can be read. */
export const LINKS: LinkBinder = {
  bind: ({ name, grantId, client }) => bytes([name, grantId, client].join()),
  isBound: (link) => Buffer.from(link.binding).equals(LINKS.bind(link)),
  isOfOtherKeys: (link) => Buffer.from(link.binding).toString() === OTHER_KEYS,
};
/** A lease that does not end in a test. */
export const LEASE_MS = 60_000;

let made = 0;
/** A pair from outside; its refresh token is a text. */
export const newPut = (name: string, token: string, more: Partial<Put> = {}): Put => ({
  name,
  grantId: `grant-${++made}`,
  client: 'cars',
  params: { brand: 'kia' },
  lookups: [bytes(token)],
  sealFor: ({ id, generation, epoch }) => ({
    sealed: bytes(`1keys${token} ${id} ${generation}.${epoch}`),
    lookup: bytes(token),
    issuedAtMs: 1000,
    accessExpiresAtMs: 2000,
    refreshExpiresAtMs: 3000,
    endsAtMs: undefined,
  }),
  due: { atMs: 1500, rank: 2 },
  mayLink: true,
  linkPrefix: undefined,
  ...more,
});

/** A claim of a process. */
export const newClaim = (owner: string, more: { voidOwner?: string; leaseMs?: number } = {}) => ({
  owner,
  leaseMs: LEASE_MS,
  attempt: { id: `attempt-${++made}`, fingerprint: bytes('posted') },
  ...more,
});

const NO_SENDS = { count: 0, firstAtMs: undefined, lastAtMs: undefined };
/** What becomes of a grant. */
export const change = (
  state: Grant['state'],
  more: Partial<Settlement['change']> = {},
): Settlement['change'] => ({
  state,
  cause: undefined,
  sends: NO_SENDS,
  failures: 0,
  due: undefined,
  isAtRisk: false,
  ...more,
});

/** The second transaction of a refresh. */
export const settlement = (more: Partial<Settlement> = {}): Settlement => ({
  change: change('active'),
  ended: [],
  events: [],
  ...more,
});

/** What pruning leaves: everything, unless it says otherwise. */
export const bounds = (more: Partial<PruneBounds> = {}): PruneBounds => ({
  beforeMs: 0,
  outbox: { beforeMs: 0, eventsMax: 1000 },
  limit: 1000,
  ...more,
});

/** The pair that a refresh brings. */
export const nextPair = (token: string) => ({
  sealed: bytes(`1keys${token}`),
  lookup: bytes(token),
  issuedAtMs: 5000,
  accessExpiresAtMs: 6000,
  refreshExpiresAtMs: undefined,
  endsAtMs: undefined,
});

/** An answer to the token that a row holds. */
export const answerTo = (grant: Grant, id: string) => ({
  id,
  grantId: grant.id,
  generation: grant.generation,
  epoch: grant.epoch,
  sealed: bytes(`1keys${id}`),
  sentAtMs: 1,
  receivedAtMs: 2,
});

/** The row as it was read. */
export const exactly = ({ generation, epoch, fence }: Grant): Required<Seen> => ({
  generation,
  epoch,
  fence,
});
/** The row, without regard to its lease. */
export const byGeneration = ({ generation, epoch }: Grant): Seen => ({ generation, epoch });

/** The row after a claim that must succeed. */
export const claimed = async (store: Store, grant: Grant, claim = newClaim('me')): Promise<Grant> => {
  const row = await store.claim(grant.id, exactly(grant), claim);
  assert.ok(row);
  return row;
};
