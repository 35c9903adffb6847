import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A key pair of a client. */
export type ClientKeyPair = {
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
};

/** A key that signs by ES256. */
export const makeClientKey = (kid: string): ClientKeyPair => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } };
};

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What differs from a good assertion; times in seconds from now. */
export type AssertionVariant = {
  readonly header?: object;
  readonly claims?: object;
  readonly nowMs?: number;
};

/** An assertion by which a client authenticates (RFC 7523). */
export const signAssertion = (
  { privateKey, jwk }: ClientKeyPair,
  clientId: string,
  audience: string,
  { header, claims, nowMs = Date.now() }: AssertionVariant = {},
): string => {
  const now = Math.floor(nowMs / 1000);
  const head = { alg: 'ES256', typ: 'client-authentication+jwt', kid: jwk['kid'], ...header };
  const body = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: now,
    exp: now + 60,
    ...claims,
  };
  const signed = `${encode(head)}.${encode(body)}`;
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
};

/** The fields of a form with an assertion. */
export const assertionFields = (assertion: string): Readonly<Record<string, string>> => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: assertion,
});
