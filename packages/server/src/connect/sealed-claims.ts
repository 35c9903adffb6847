import { EncryptJWT, jwtDecrypt } from 'jose';
import { toSeconds } from '../clock.ts';
import type { KeyRing } from '../tokens/key-ring.ts';

/** What a sealed statement is for. One sealed for one purpose does not open for another. */
export type ClaimsPurpose = 'session' | 'sign-in' | 'selection';

const ALGORITHM = 'dir';
const ENCRYPTION = 'A256GCM';
/** Longer than any that is sealed here. */
const STATEMENT_MAX_CHARACTERS = 16_384;

/** An opened statement, and the number of the key that sealed it. */
export type OpenedClaims = {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly keyNumber: number;
};

/**
 * Encrypts what a browser is to carry and bring back, so that no node has to keep it: a JWE under the newest ring key's
 * session key, which ends by itself.
 *
 * @see RFC 7516
 */
export const sealClaims = (
  { newest }: KeyRing,
  purpose: ClaimsPurpose,
  claims: Readonly<Record<string, unknown>>,
  { nowMs, lifetimeSeconds }: { readonly nowMs: number; readonly lifetimeSeconds: number },
): Promise<string> =>
  new EncryptJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, kid: String(newest.number) })
    .setAudience(purpose)
    .setExpirationTime(toSeconds(nowMs) + lifetimeSeconds)
    .encrypt(newest.sessionKey);

/** Opens a statement; `undefined` for one that ended, that is for something else, or that no key of the ring sealed. */
export const openClaims = async (
  ring: KeyRing,
  purpose: ClaimsPurpose,
  text: string,
  nowMs: number,
): Promise<OpenedClaims | undefined> => {
  if (text.length > STATEMENT_MAX_CHARACTERS) return undefined;
  let keyNumber = 0;
  const findKey = ({ kid }: { kid?: string }): Uint8Array => {
    const key = ring.find(Number(kid));
    if (key === undefined) throw new Error('no such key in the ring');
    keyNumber = key.number;
    return key.sessionKey;
  };
  try {
    const { payload } = await jwtDecrypt(text, findKey, {
      audience: purpose,
      currentDate: new Date(nowMs),
      requiredClaims: ['exp'],
      keyManagementAlgorithms: [ALGORITHM],
      contentEncryptionAlgorithms: [ENCRYPTION],
    });
    return { claims: payload, keyNumber };
  } catch {
    return undefined;
  }
};

/** The number of the key that a statement says it was sealed with; `undefined` where it says none. */
export const keyNumberOf = (text: string): number | undefined => {
  try {
    const { kid } = JSON.parse(Buffer.from(text.split('.', 1)[0] ?? '', 'base64url').toString()) as {
      kid?: unknown;
    };
    return typeof kid === 'string' && /^[1-9][0-9]{0,8}$/.test(kid) ? Number(kid) : undefined;
  } catch {
    return undefined;
  }
};
