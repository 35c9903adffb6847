import { jwtDecrypt } from 'jose/jwt/decrypt';
import { EncryptJWT } from 'jose/jwt/encrypt';
import { isFromFuture, toSeconds } from '../clock.ts';
import type { Millis, Seconds } from '../clock.ts';
import type { KeyRing } from './key-ring.ts';

/** The purpose of sealed claims. Claims that are sealed for one purpose do not open for another. */
type ClaimsPurpose = 'session' | 'sign-in' | 'selection' | 'pushed-request';

const ALGORITHM = 'dir';
const ENCRYPTION = 'A256GCM';
/** More than the longest text that `sealClaims` returns. */
const SEALED_MAX_CHARACTERS = 16_384;

/** Opened claims, and the number of the key that sealed them. */
export type OpenedClaims = {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly keyNumber: number;
};

/**
 * Encrypts claims that a browser keeps and sends back, so that no node stores them. The result is a JWE under the
 * active session key of the ring, and expires.
 *
 * @see RFC 7516
 */
export const sealClaims = (
  { session: { active } }: KeyRing,
  purpose: ClaimsPurpose,
  claims: Readonly<Record<string, unknown>>,
  { nowMs, lifetimeSeconds }: { readonly nowMs: Millis; readonly lifetimeSeconds: Seconds },
): Promise<string> =>
  new EncryptJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, kid: String(active.number) })
    .setAudience(purpose)
    .setIssuedAt(toSeconds(nowMs))
    .setExpirationTime(toSeconds(nowMs) + lifetimeSeconds)
    .encrypt(active.sessionKey);

/**
 * Opens sealed claims; `undefined` if they expired, have another purpose, were not sealed by a usable key in the ring, or by
 * a clock that ran ahead.
 */
export const openClaims = async (
  ring: KeyRing,
  purpose: ClaimsPurpose,
  text: string,
  nowMs: Millis,
): Promise<OpenedClaims | undefined> => {
  if (text.length > SEALED_MAX_CHARACTERS) return undefined;
  let keyNumber = 0;
  const findKey = ({ kid }: { kid?: string }): Uint8Array => {
    const key = ring.session.find(Number(kid));
    if (key === undefined || key.withdrawal !== undefined)
      throw new Error('no usable key of the ring sealed it');
    keyNumber = key.number;
    return key.sessionKey;
  };
  try {
    const { payload } = await jwtDecrypt(text, findKey, {
      audience: purpose,
      currentDate: new Date(nowMs),
      requiredClaims: ['iat', 'exp'],
      keyManagementAlgorithms: [ALGORITHM],
      contentEncryptionAlgorithms: [ENCRYPTION],
    });
    return isFromFuture(payload.iat ?? 0, nowMs) ? undefined : { claims: payload, keyNumber };
  } catch {
    return undefined;
  }
};
