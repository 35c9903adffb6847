import type { Policy } from '@keyfob/server/clients';
import type { CodePresentation } from './records.ts';
import { newStanding } from './standing.ts';
import type { Expectation, Standing } from './standing.ts';

const LIFETIME_MS = 600_000;
/** A store keeps a code for an hour after its ten minutes, at least. */
const KEPT_MS = LIFETIME_MS + 3_600_000;

/** When the store decides. `clockMs`: by the server's clock. */
type Moment = { readonly nowMs: number; readonly clockMs: number };

/**
 * What a presented code must get (RFC 6749 §4.1.2 and §4.1.3, RFC 7636 §4.6): a code is good for its own client, with
 * the redirect URI and the verifier of its request, for ten minutes and once. A second use revokes what the first gave,
 * unless it is a retry.
 */
export const expectCode = (
  grant: Standing,
  presentation: CodePresentation,
  { nowMs, clockMs }: Moment,
  isRetryOfOurs: boolean | 'maybe',
): Expectation => {
  const { code, fields, key } = presentation;
  const { owner, plan } = presentation.grant;
  const nothing = (because: string, revokes: Expectation['revokes'] = false): Expectation => ({
    outcomes: ['dead'],
    revokes,
    because,
    after: grant,
  });
  if (fields.client.isDisabled)
    return { ...nothing('the client is disabled'), outcomes: ['unauthenticated'] };
  if (!code.isThere) return nothing('the store lost the code');
  if (fields.client !== owner) return nothing('the code was issued to another client');
  if (fields.brand !== plan.brand) return nothing('the code was issued under another brand');
  if (clockMs - code.issuedAtMs >= LIFETIME_MS) return nothing('its ten minutes are over');
  if (fields.redirectUri !== code.redirectUri) return nothing('it was sent to another redirect URI');
  if (fields.verifier !== code.verifier) return nothing('the verifier is not that of the request');
  if (owner.plan.type === 'public' && fields.verifier === undefined)
    return nothing('a public client has nothing but its verifier to show');
  const expected = expectOwn(grant, { first: code.first, key, clockMs, isRetryOfOurs }, owner.plan.policy);
  // Only a clock that is far behind takes a code of that age for a living one.
  if (nowMs - code.issuedAtMs < KEPT_MS) return expected;
  const revokes = expected.revokes === false ? false : 'maybe';
  return { ...expected, outcomes: [...expected.outcomes, 'dead'], revokes };
};

/** The code came in time, from its client, with all that belongs to it. */
const expectOwn = (
  grant: Standing,
  {
    first,
    key,
    clockMs,
    isRetryOfOurs,
  }: Pick<CodePresentation, 'key'> & {
    readonly first: CodePresentation | undefined;
    readonly clockMs: number;
    readonly isRetryOfOurs: boolean | 'maybe';
  },
  policy: Policy,
): Expectation => {
  const nothing = { outcomes: ['dead'], revokes: false, after: grant } as const;
  if (first === undefined)
    return {
      outcomes: ['first'],
      revokes: false,
      because: 'it is its first use',
      after: newStanding(Math.floor(clockMs / 1000) * 1000),
    };
  // A repeat gives what the first use gave, as long as that is good and unused.
  const isGoodYet =
    grant.isThere && !grant.isRevoked && grant.current === 0 && !hasEnded(grant, clockMs, policy);
  const again = (because: string): Expectation => ({
    ...nothing,
    outcomes: [isGoodYet ? 'current' : 'dead'],
    because,
  });
  if (key !== undefined && key === first.key) return again('it is the same use, by its key');
  if (isRetryOfOurs === true) return again('its last use ended in our own 503');
  if (isRetryOfOurs === false) return { ...nothing, revokes: grant.isThere, because: 'it is a second use' };
  return {
    ...nothing,
    outcomes: ['current', 'dead'],
    revokes: grant.isThere ? 'maybe' : false,
    because: 'it may be a retry after our own 503',
  };
};

const hasEnded = (grant: Standing, clockMs: number, policy: Policy): boolean => {
  const { grantLifetimeSeconds, refreshTokenLifetimeSeconds } = policy;
  return (
    clockMs - grant.issuedAtMs >= refreshTokenLifetimeSeconds * 1000 ||
    (grantLifetimeSeconds !== null && clockMs - grant.createdAtMs >= grantLifetimeSeconds * 1000)
  );
};
