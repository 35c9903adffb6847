/**
 * The first use of a refresh token: its time by the server's clock, and its `Idempotency-Key`. `lost`: a restored store
 * no longer knows it.
 */
export type FirstUse = { readonly atMs: number; readonly key: string | undefined } | 'lost';

/** The state of a grant in the terms of the documents, not of the stored row. Tokens are counted from 0. */
export type Standing = {
  readonly exists: boolean;
  readonly isRevoked: boolean;
  readonly createdAtMs: number;
  /** Which refresh token is the current one, and when it was issued. */
  readonly current: number;
  readonly issuedAtMs: number;
  /** The first use of each refresh token before the current one. */
  readonly firstUses: ReadonlyMap<number, FirstUse>;
};

/** `first`: the tokens for a code. `successor`: the next refresh token. `current`: the newest one again. */
export type Outcome = 'first' | 'successor' | 'current' | 'dead' | 'unauthenticated';

/** The result that the documents allow. */
export type Expectation = {
  readonly outcomes: readonly Outcome[];
  /** Whether the request revokes the grant; `maybe` if the documents allow both. */
  readonly revokes: boolean | 'maybe';
  /** The reason in words, for the report. */
  readonly because: string;
  /** The standing after the request, except for the revocation. */
  readonly after: Standing;
};

/** The standing of a new grant. `createdAtMs`: whole seconds. */
export const newStanding = (createdAtMs: number): Standing => ({
  exists: true,
  isRevoked: false,
  createdAtMs,
  current: 0,
  issuedAtMs: createdAtMs,
  firstUses: new Map(),
});
