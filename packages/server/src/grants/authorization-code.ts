import { hash } from 'node:crypto';
import type { Millis, Seconds } from '../clock.ts';
import type { DeadCodeReason } from '../errors.ts';
import type { OpenedCode } from '../tokens/authorization-code.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { Vehicle } from './vehicle.ts';

/** How long an authorization code may be exchanged: 10 minutes, as RFC 6749 §4.1.2 advises. */
export const CODE_LIFETIME_SECONDS = 600;

/** How long a store keeps a code at least, so that an expired code is reported as expired. */
export const CODE_KEPT_SECONDS = CODE_LIFETIME_SECONDS + 3600;

/** What an owner agreed to and the client has not redeemed yet. The code itself is derived from it and not stored. */
export type AuthorizationCode = {
  /** The id of the grant that its redemption creates. */
  readonly grantId: GrantId;
  readonly clientId: string;
  /** From the authorization request, or, where that had none, the registered one. */
  readonly redirectUri: string;
  /** PKCE with S256 (RFC 7636): 43 characters of base64url; `undefined` where the client sent none. */
  readonly codeChallenge: string | undefined;
  readonly issuedAt: Seconds;
  readonly subject: string;
  readonly scope: string;
  readonly brand: string | undefined;
  readonly vehicles: readonly Vehicle[];
};

/** A code, and whether it was redeemed. */
export type CodeState = AuthorizationCode & {
  /** `undefined` until it is redeemed. */
  readonly redeemedAtMs: Millis | undefined;
  /** Of the `Idempotency-Key` that came with the redemption. */
  readonly useDigest: Uint8Array | undefined;
};

/** A code as presented: opened, by an authenticated client. */
export type PresentedCode = OpenedCode & {
  readonly clientId: string;
  readonly brand: string | undefined;
  readonly redirectUri: string;
  readonly codeVerifier: string | undefined;
  readonly useDigest: Uint8Array | undefined;
  /** Whether this code's last use ended in our own 503, so that presenting it again is the retry we asked for. */
  readonly isRetryOfOurs: boolean;
};

/** The decision about a presented code. */
export type CodeVerdict =
  /** Its grant is created. */
  | { readonly kind: 'redeem' }
  /** The same use again: the same tokens again. */
  | { readonly kind: 'repeat' }
  | { readonly kind: 'refuse'; readonly reason: Exclude<DeadCodeReason, 'code_replayed'> }
  /** A second use: the grant of the first is revoked. */
  | { readonly kind: 'replay' };

const refuse = (reason: (CodeVerdict & { kind: 'refuse' })['reason']): CodeVerdict => ({
  kind: 'refuse',
  reason,
});

/**
 * The verdict on a presented code: pure and total. Only the client it was issued to, with the redirect URI and the
 * verifier of its authorization request, can use it or use it up. An expired code revokes nothing: it gives nothing, and
 * a browser that restores an old page would otherwise revoke an active grant.
 *
 * @see RFC 6749 §4.1.2 and §4.1.3, RFC 7636 §4.6, RFC 9700 §2.1.1 for a verifier without a challenge
 */
export const judgeCode = (
  code: CodeState | undefined,
  presented: PresentedCode,
  nowMs: Millis,
): CodeVerdict => {
  if (code === undefined || code.issuedAt !== presented.issuedAt) return refuse('code_unknown');
  if (code.clientId !== presented.clientId || (code.brand !== undefined && code.brand !== presented.brand))
    return refuse('code_client_mismatch');
  if (nowMs - code.issuedAt * 1000 >= CODE_LIFETIME_SECONDS * 1000) return refuse('code_expired');
  if (code.redirectUri !== presented.redirectUri) return refuse('code_redirect_wrong');
  if (!isVerified(code.codeChallenge, presented.codeVerifier)) return refuse('code_verifier_wrong');
  if (code.redeemedAtMs === undefined) return { kind: 'redeem' };
  if (presented.isRetryOfOurs || isSameUse(code.useDigest, presented.useDigest)) return { kind: 'repeat' };
  return { kind: 'replay' };
};

const isVerified = (challenge: string | undefined, verifier: string | undefined): boolean =>
  verifier === undefined ? challenge === undefined : challenge === hash('sha256', verifier, 'base64url');

const isSameUse = (first: Uint8Array | undefined, again: Uint8Array | undefined): boolean =>
  first !== undefined && again !== undefined && Buffer.compare(first, again) === 0;
