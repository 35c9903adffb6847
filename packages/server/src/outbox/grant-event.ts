import type { GrantId } from '../tokens/grant-id.ts';

/** What may happen to a grant, other than that it is refreshed. */
export const GRANT_EVENT_KINDS = [
  'grant.created',
  'grant.revoked',
  'grant.reinstated',
  'grant.replayed',
  'vehicles.connected',
  'vehicles.disconnected',
] as const;
export type GrantEventKind = (typeof GRANT_EVENT_KINDS)[number];

/**
 * Something that happened to a grant, kept in the same transaction in which it happened; webhooks are fed from it. A
 * refresh is no grant event: nothing is inserted for one.
 */
export type GrantEvent = {
  /** A UUID. */
  readonly id: string;
  /** Counts up in the order of commits. */
  readonly sequence: number;
  /** Integer milliseconds. */
  readonly atMs: number;
  readonly kind: GrantEventKind;
  readonly grantId: GrantId;
  readonly clientId: string;
  readonly subject: string;
  /** Of the request that made it so; `undefined` for what an operator did. */
  readonly requestId: string | undefined;
  /** Why, of an end or a replay. */
  readonly cause: string | undefined;
  /** Which vehicles it is about, by VIN. */
  readonly vins: readonly string[];
};
