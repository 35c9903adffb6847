import { earliestMsOf, toMillis } from '../../clock.ts';
import type { Millis, Now, Seconds } from '../../clock.ts';
import type { AssertionReason } from '../../errors.ts';
import { verifyJwt } from '../assertion.ts';
import type { ParsedJwt } from '../assertion.ts';
import type { ClientJwk } from '../client-keys.ts';
import type { Client } from '../client.ts';
import { digestOnce } from '../once-store.ts';
import type { OneUse } from '../once-store.ts';

/** An assertion that a key of the client signed. @see RFC 7523 §2.2, as RFC 10070 updates it */
export type AssertionCredentials = {
  readonly method: 'private_key_jwt';
  /** As the assertion has it (`sub`), which is not verified yet. */
  readonly clientId: string;
  readonly assertion: ParsedJwt;
};

/** An assertion that proves its client, if this is its first use. */
export type ProvedAssertion = {
  readonly use: OneUse;
  /** Whether it lacks its type, which the client's policy allows. */
  readonly isUntyped: boolean;
};

/** The type of such assertions. @see RFC 10070 */
const TYPE = 'client-authentication+jwt';

/** The longest lifetime of an assertion. */
const LIFETIME_MAX_SECONDS: Seconds = 300;

/** How far a client's clock may be ahead: at least 10 seconds and at most 60. @see FAPI 2.0 Security Profile §5.3.2.1-13 */
const AHEAD_MAX_SECONDS: Seconds = 30;

const JTI_MAX_CHARACTERS = 256;

/** What an assertion is verified against. */
export type AssertionContext = {
  readonly now: Now;
  /** The issuer identifier of this server, which alone is an audience. */
  readonly issuer: string;
  /** Of the client, as they are now. */
  readonly keys: readonly ClientJwk[];
};

/**
 * What the assertion proves, or why it proves nothing. Whether it was used before is for the store to say. What depends
 * on the assertion alone is judged first, so that its answer is the same for every client.
 */
export const verifyAssertion = (
  client: Client | undefined,
  { clientId, assertion }: AssertionCredentials,
  { now, issuer, keys }: AssertionContext,
): ProvedAssertion | { readonly reason: AssertionReason } => {
  const { header, claims } = assertion;
  const type = readType(header['typ']);
  const fault =
    (type === 'other' ? 'assertion_type_wrong' : undefined) ??
    faultOfClaims(claims, clientId, issuer) ??
    faultOfTimes(claims, now);
  if (fault !== undefined) return { reason: fault };
  const isUntyped = type === 'none';
  if (isUntyped && client !== undefined && client.policy.untypedAssertions !== true)
    return { reason: 'assertion_type_wrong' };
  const verified = verifyJwt(assertion, keys);
  if (verified !== 'verified') return { reason: verified };
  return {
    use: {
      digest: digestOnce(['assertion', clientId], String(claims['jti'])),
      expiresAtMs: toMillis(Number(claims['exp'])),
    },
    isUntyped,
  };
};

/** `JWT` says no more than nothing (RFC 7519 §5.1). */
const readType = (typ: unknown): 'right' | 'none' | 'other' => {
  if (typ === undefined) return 'none';
  const name = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  if (name === TYPE) return 'right';
  return name === 'jwt' ? 'none' : 'other';
};

const faultOfClaims = (
  { iss, sub, aud, jti }: ParsedJwt['claims'],
  clientId: string,
  issuer: string,
): AssertionReason | undefined => {
  if (iss !== clientId || sub !== clientId) return 'assertion_claims_wrong';
  if (typeof jti !== 'string' || jti === '' || jti.length > JTI_MAX_CHARACTERS)
    return 'assertion_claims_wrong';
  return aud === issuer ? undefined : 'assertion_audience_wrong';
};

const faultOfTimes = ({ exp, iat, nbf }: ParsedJwt['claims'], now: Now): AssertionReason | undefined => {
  if (!isMoment(exp)) return 'assertion_claims_wrong';
  if ([iat, nbf].some((moment) => moment !== undefined && !isMoment(moment))) return 'assertion_claims_wrong';
  // It lasts until its expiry is certain.
  if (toMillis(exp) <= earliestMsOf(now)) return 'assertion_expired';
  const aheadMaxMs: Millis = now.nowMs + toMillis(AHEAD_MAX_SECONDS);
  if ([iat, nbf].some((moment) => isMoment(moment) && toMillis(moment) > aheadMaxMs))
    return 'assertion_from_future';
  const beganAtMs = isMoment(iat) ? toMillis(iat) : aheadMaxMs;
  const isTooLong =
    toMillis(exp) > beganAtMs + toMillis(LIFETIME_MAX_SECONDS) ||
    toMillis(exp) > aheadMaxMs + toMillis(LIFETIME_MAX_SECONDS);
  return isTooLong ? 'assertion_lifetime_too_long' : undefined;
};

/** RFC 7519 §2, `NumericDate`; it may have a fraction. */
const isMoment = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && value < 2 ** 40;
