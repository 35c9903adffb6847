import type { Seconds } from '../clock.ts';
import { toMillis } from '../clock.ts';
import * as errors from 'jose/errors';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import type { JWTPayload } from 'jose';
import { readConfirmation, writeConfirmation } from './binding.ts';
import type { Binding } from './binding.ts';
import { signKeysOf } from './key-ring.ts';
import type { KeyRing, SignKey } from './key-ring.ts';
import { SIGNING_ALGORITHMS } from './signing-key.ts';

/** What a JWT access token says of itself (RFC 9068 §2.2). */
export type AccessClaims = {
  readonly iss: string;
  readonly sub: string;
  /** One, or several. */
  readonly aud: string | string[];
  readonly client_id: string;
  /** Space separated; may be empty. */
  readonly scope: string;
  readonly iat: Seconds;
  readonly exp: Seconds;
  readonly jti: string;
  /** What its sender must show besides: the claim `cnf`. Absent for a token that any bearer may use. */
  readonly binding?: Binding | undefined;
  /** What it is for: the claim `authorization_details` (RFC 9396 §9.1). Written, and not read again: the grant says it. */
  readonly details?: readonly object[];
};

/** A JWT found to be ours and not expired, and which key of the ring signed it. */
export type OpenedAccessJwt = { readonly claims: AccessClaims; readonly key: SignKey };

/** RFC 9068 §2.1: so that no JWT of another kind is taken for an access token. */
const TYPE = 'at+jwt';

/** Writes a JWT access token, signed by the key. */
export const signAccessJwt = (
  key: SignKey,
  { scope, binding, details, ...claims }: AccessClaims,
): Promise<string> => {
  const { algorithm, kid, privateKey } = key.signingKey();
  const detailed = details === undefined ? claims : { ...claims, authorization_details: details };
  const bound = binding === undefined ? detailed : { ...detailed, cnf: writeConfirmation(binding) };
  return new SignJWT(scope === '' ? bound : { ...bound, scope })
    .setProtectedHeader({ alg: algorithm, typ: TYPE, kid })
    .sign(privateKey);
};

const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether a text has the form of a signed JWT, as no other token has. */
export const isCompactJwt = (text: string): boolean => COMPACT.test(text);

/**
 * Opens a JWT access token: its signature, type, issuer and expiry at `now` are found good. Whom it
 * is for is not looked at, because we issue it. `key_unknown`: signed by a key that is not in the ring. `undefined`:
 * not ours, over, or signed by a key that is compromised or retired.
 *
 * @see RFC 9068 §4
 */
export const openAccessJwt = async (
  ring: KeyRing,
  issuer: string,
  text: string,
  now: Seconds,
): Promise<OpenedAccessJwt | 'key_unknown' | undefined> => {
  let key: SignKey | undefined;
  try {
    const { payload } = await jwtVerify(
      text,
      ({ kid, alg }) => {
        key = signKeysOf(ring).find(({ signingKey }) => signingKey().kid === kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        if (key.withdrawal !== undefined) throw new errors.JWTInvalid('the key is withdrawn');
        const { algorithm, publicKey } = key.signingKey();
        if (alg !== algorithm) throw new errors.JWTInvalid('the key signs by another algorithm');
        return publicKey;
      },
      {
        algorithms: [...SIGNING_ALGORITHMS],
        typ: TYPE,
        issuer,
        currentDate: new Date(toMillis(now)),
        requiredClaims: ['sub', 'aud', 'client_id', 'iat', 'exp', 'jti'],
      },
    );
    const claims = toClaims(payload);
    return key === undefined || claims === undefined ? undefined : { claims, key };
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'key_unknown';
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
};

const toClaims = ({ iss, sub, aud, iat, exp, jti, ...more }: JWTPayload): AccessClaims | undefined => {
  const { client_id: clientId, scope = '', cnf } = more;
  const audiences = [aud].flat();
  const texts = [iss, sub, audiences[0], ...audiences, jti, clientId, scope];
  if (texts.some((text) => typeof text !== 'string') || iat === undefined || exp === undefined)
    return undefined;
  const binding = readConfirmation(cnf);
  // One that is bound to something else is for somebody who can check that.
  if (cnf !== undefined && binding === undefined) return undefined;
  const claims = { iss, sub, aud, client_id: clientId, scope, iat, exp, jti } as AccessClaims;
  return binding === undefined ? claims : { ...claims, binding };
};
