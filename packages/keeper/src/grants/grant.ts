import type { Millis } from '../time.ts';

/**
 * Where a grant is in its life.
 *
 * - `active`: the refresh token was never sent, or the answer is stored.
 * - `inflight`: it may be on the wire; the holder of the lease waits for the answer.
 * - `uncertain`: it was sent, and no answer came. It may be used up.
 * - `staged`: an answer is stored that cannot be read.
 * - `suspect`: it was refused for a reason that may also be the client's fault.
 * - `dead`: the provider refused it. Only a new consent helps.
 * - `closed`: the developer disconnected it.
 *
 * All but the last two serve the access token until that expires.
 */
export type GrantState = 'active' | 'inflight' | 'uncertain' | 'staged' | 'suspect' | 'dead' | 'closed';

/** Why an owner must consent again. */
export type ConsentCause =
  /** The provider refused a token that was never used: the owner or the provider ended the grant. */
  | 'revoked'
  /** The provider refused a token whose lifetime was over. */
  | 'expired'
  /** The token was used, and its answer never arrived. */
  | 'lost_response'
  /** The owner stopped sharing the vehicle's data. */
  | 'sharing_withdrawn'
  /** The developer closed the connection. */
  | 'disconnected'
  /** There is no connection of this name. */
  | 'not_connected';

/** The right of one process to send the token. It says nothing about who may store an answer. */
export type Lease = { readonly owner: string; readonly atMs: Millis; readonly untilMs: Millis };

/** What becomes due first: 0 what may be lost, 1 what somebody uses, 2 what must only be kept alive. */
export type DueRank = 0 | 1 | 2;

/** When the keeper looks at a grant again. */
export type Due = { readonly atMs: Millis; readonly rank: DueRank };

/** Sends of the current refresh token to which no answer is known. */
export type OpenSends = {
  readonly count: number;
  /** The overlap of a provider is counted from here; `undefined` where `count` is 0. */
  readonly firstAtMs: Millis | undefined;
  readonly lastAtMs: Millis | undefined;
};

/** No answer is awaited. */
export const NO_SENDS: OpenSends = { count: 0, firstAtMs: undefined, lastAtMs: undefined };

/** One refresh token and its successors: the unit of locking. Several connections may use one grant. */
export type Grant = {
  readonly id: string;
  /** The name of the client in the keeper's configuration. */
  readonly client: string;
  /** What this provider wants per grant, for example `brand`. */
  readonly params: Readonly<Record<string, string>>;
  /** One more with every stored pair. */
  readonly generation: number;
  /** One more when the developer puts a pair or closes: an answer from before is not stored. */
  readonly epoch: number;
  readonly state: GrantState;
  /** Why it is dead. */
  readonly cause: ConsentCause | undefined;
  /** Since when it is in this state. */
  readonly sinceMs: Millis;
  /** The pair, encrypted and bound to id, generation and epoch. */
  readonly sealed: Uint8Array;
  readonly issuedAtMs: Millis;
  readonly accessExpiresAtMs: Millis;
  /** `undefined` where the provider names no lifetime. */
  readonly refreshExpiresAtMs: Millis | undefined;
  /** When it ends however often it is refreshed; `undefined` for never. */
  readonly endsAtMs: Millis | undefined;
  /** One more with every send. */
  readonly fence: number;
  readonly lease: Lease | undefined;
  readonly sends: OpenSends;
  /** Failures in a row, for the waiting time. */
  readonly failures: number;
  /** `undefined` for nothing to do. */
  readonly due: Due | undefined;
  /** When somebody last asked for the access token, roughly. */
  readonly askedAtMs: Millis | undefined;
  /** Whether `at_risk` was announced, and not yet `recovered`. */
  readonly isAtRisk: boolean;
};

/** Two tokens, in clear. Only in memory. */
export type Pair = {
  readonly accessToken: string;
  /** `undefined` where the grant has none (client credentials). */
  readonly refreshToken: string | undefined;
  readonly scope?: string | undefined;
};

/** Whether a refresh token of this grant may still be accepted. */
export const isAlive = ({ state }: Grant): boolean => state !== 'dead' && state !== 'closed';
