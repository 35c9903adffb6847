import type { Policy } from '@keyfob/server/clients';
import type { CodePresentation } from './records.ts';
import { newStanding } from './standing.ts';
import type { Expectation, Standing } from './standing.ts';

const LIFETIME_MS = 600_000;
/** A store keeps a code for at least one hour after it expires. */
const KEPT_MS = LIFETIME_MS + 3_600_000;

/** Its own client may present a used code again for so long without harm: a page that is reloaded. */
const RELOAD_MS = 10_000;
export const RELOADED = 'the page of its own client is loaded again';

/** The clock of the first node was behind by more than the lifetime of the tokens. */
export const ENDED = 'by the clock of this node, the tokens of its first use have ended';

/** The time of the store's decision. `nowMs`: true time. `clockMs`: the server's clock. */
type Moment = { readonly nowMs: number; readonly clockMs: number };

/**
 * The allowed outcomes for a presented code (RFC 6749 §4.1.2 and §4.1.3, RFC 7636 §4.6). A code is valid once, for ten
 * minutes, for its own client, and with the redirect URI and the verifier of its request. A second use revokes the grant
 * unless it is a retry or a page that is loaded again at once. A second use by another client revokes it always, if it
 * shows the verifier.
 */
export const expectCode = (
  grant: Standing,
  presentation: CodePresentation,
  { nowMs, clockMs }: Moment,
  isRetryOfOurs: boolean | 'maybe',
): Expectation => {
  const { code, fields, key } = presentation;
  const { owner, plan } = presentation.grant;
  const dead = (because: string, revokes: Expectation['revokes'] = false): Expectation => ({
    outcomes: ['dead'],
    revokes,
    because,
    after: grant,
  });
  if (fields.client.isDisabled) return { ...dead('the client is disabled'), outcomes: ['unauthenticated'] };
  if (!code.exists) return dead('the store lost the code');
  if (fields.client !== owner) {
    const isReplay =
      code.first !== undefined &&
      clockMs - code.issuedAtMs < LIFETIME_MS &&
      fields.verifier === code.verifier;
    const isLate = nowMs - code.issuedAtMs >= KEPT_MS;
    return dead(
      'the code was issued to another client',
      isReplay && grant.exists && (isLate ? 'maybe' : true),
    );
  }
  if (fields.brand !== plan.brand) return dead('the code was issued for another brand');
  if (clockMs - code.issuedAtMs >= LIFETIME_MS) return dead('the code has expired');
  if (fields.redirectUri !== code.redirectUri)
    return dead('the redirect URI differs from that of the request');
  if (fields.verifier !== code.verifier) return dead('the verifier does not match the challenge');
  if (owner.plan.type === 'public' && fields.verifier === undefined)
    return dead('a public client must send a verifier');
  const expected = expectOwnUse(grant, { first: code.first, key, clockMs, isRetryOfOurs }, owner.plan.policy);
  // Only a server whose clock is far behind accepts a code of that age.
  if (nowMs - code.issuedAtMs < KEPT_MS) return expected;
  const revokes = expected.revokes === false ? false : 'maybe';
  return { ...expected, outcomes: [...expected.outcomes, 'dead'], revokes };
};

/** The outcomes for a code that has not expired, from its own client, with every correct field. */
const expectOwnUse = (
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
  const dead = { outcomes: ['dead'], revokes: false, after: grant } as const;
  if (first === undefined)
    return {
      outcomes: ['first'],
      revokes: false,
      because: 'this is the first use of the code',
      after: newStanding(Math.floor(clockMs / 1000) * 1000),
    };
  // A repeat gets the tokens of the first use while they are valid and unused.
  const isOpen = grant.exists && !grant.isRevoked && grant.current === 0;
  const again = (because: string): Expectation => {
    if (isOpen && hasEnded(grant, clockMs, policy)) return { ...dead, because: ENDED };
    return { ...dead, outcomes: [isOpen ? 'current' : 'dead'], because };
  };
  if (key !== undefined && key === first.key) return again('it is a repeat with the same Idempotency-Key');
  if (isRetryOfOurs === true) return again('its last use got our own 503');
  if (isRetryOfOurs === false && clockMs - (first.decision?.clockMs ?? 0) < RELOAD_MS)
    return { ...dead, because: RELOADED };
  if (isRetryOfOurs === false)
    return { ...dead, revokes: grant.exists, because: 'it is a second use of the code' };
  return {
    ...dead,
    outcomes: ['current', 'dead'],
    revokes: grant.exists ? 'maybe' : false,
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
