import type { Millis } from '../clock.ts';
import type { GrantId } from '../tokens/grant-id.ts';

/** What may happen to a grant, other than that it is refreshed. */
export const GRANT_EVENT_KINDS = [
  'grant.created',
  'grant.revoked',
  'grant.reinstated',
  'grant.replayed',
  'vehicles.connected',
  'vehicles.disconnected',
  'vehicle_data.changed',
] as const;
export type GrantEventKind = (typeof GRANT_EVENT_KINDS)[number];

/**
 * Something that happened to a grant, stored in the transaction in which it happened; webhooks are fed from it. A
 * refresh makes no grant event, so that nothing is inserted for one.
 */
export type GrantEvent = {
  /** A UUID. */
  readonly id: string;
  /** Counts up in the order of commits. */
  readonly sequence: number;
  readonly atMs: Millis;
  readonly kind: GrantEventKind;
  readonly grantId: GrantId;
  readonly clientId: string;
  readonly subject: string;
  /** Of the request that caused it; `undefined` for what an operator did. */
  readonly requestId: string | undefined;
  /** Why a grant was revoked, what a replay looks like, or whether its vehicle data became more (`extended`) or less (`narrowed`). */
  readonly cause: string | undefined;
  /** The vehicles it is about, by VIN. */
  readonly vins: readonly string[];
};

/** A grant event that is about to be stored: the store gives it its id and its sequence number. */
export type NewGrantEvent = Omit<GrantEvent, 'id' | 'sequence'>;
