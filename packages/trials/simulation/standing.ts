/**
 * The first use of a refresh token: the moment by the server's clock, and the key it came with. `lost`: a restored
 * store no longer knows it.
 */
export type FirstUse = { readonly atMs: number; readonly key: string | undefined } | 'lost';

/** What is true of a grant, in the words of the documents and not in those of the row. Tokens are counted from 0. */
export type Standing = {
  readonly isThere: boolean;
  readonly isRevoked: boolean;
  readonly createdAtMs: number;
  /** Which refresh token is the current one, and when it was issued. */
  readonly current: number;
  readonly issuedAtMs: number;
  /** Of every refresh token before the current one. */
  readonly firstUses: ReadonlyMap<number, FirstUse>;
};

/** `first`: the tokens that a code gives. `successor`: the next refresh token. `current`: the newest one again. */
export type Outcome = 'first' | 'successor' | 'current' | 'dead' | 'unauthenticated';

/** What the documents allow. */
export type Expectation = {
  readonly outcomes: readonly Outcome[];
  /** Whether it revokes the grant; `maybe` where the documents leave it open. */
  readonly revokes: boolean | 'maybe';
  /** In words, for the report. */
  readonly because: string;
  /** The standing afterwards, except for the revocation. */
  readonly after: Standing;
};

/** A grant that was created a moment ago. `createdAtMs`: whole seconds. */
export const newStanding = (createdAtMs: number): Standing => ({
  isThere: true,
  isRevoked: false,
  createdAtMs,
  current: 0,
  issuedAtMs: createdAtMs,
  firstUses: new Map(),
});
