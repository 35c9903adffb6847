import assert from 'node:assert/strict';
import { constants, createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type Json = Readonly<Record<string, unknown>>;
/** Fields of a form; one that is `undefined` is left out. */
export type Fields = Readonly<Record<string, string | undefined>>;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const SIGN: Readonly<Record<string, (text: Buffer, key: KeyObject) => Buffer>> = {
  ES256: (text, key) => sign('sha256', text, { key, dsaEncoding: 'ieee-p1363' }),
  PS256: (text, key) =>
    sign('sha256', text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  RS256: (text, key) => sign('sha256', text, key),
  none: () => Buffer.alloc(0),
};

/** A JWT. What its header says of the algorithm is how it is signed; one that it does not have signs as `usual`. */
export const signJwt = (key: KeyObject, usual: string, header: Json, claims: Json): string => {
  const head = { alg: usual, ...header };
  const text = `${encode(head)}.${encode(claims)}`;
  const by = SIGN[head.alg] ?? SIGN[usual] ?? assert.fail(usual);
  return `${text}.${by(Buffer.from(text), key).toString('base64url')}`;
};

/** What differs from what a careful client sends. */
export type Changes = { readonly header?: Json; readonly claims?: Json };

export const seconds = (): number => Math.floor(Date.now() / 1000);
export const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** A key that proves possession. */
export const createProver = (alg: 'ES256' | 'PS256' = 'ES256') => {
  const { publicKey, privateKey } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  const jwk = alg === 'ES256' ? { crv, kty, x, y } : { e, kty, n };
  return {
    jwk,
    privateJwk: privateKey.export({ format: 'jwk' }),
    thumbprint: digest(JSON.stringify(jwk)),
    prove: (method: string, url: string, { header, claims }: Changes = {}): string =>
      signJwt(
        privateKey,
        alg,
        { typ: 'dpop+jwt', jwk, ...header },
        { jti: randomUUID(), htm: method, htu: url, iat: seconds(), ...claims },
      ),
  };
};
export type Prover = ReturnType<typeof createProver>;
