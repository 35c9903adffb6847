import { createECDH, createHash, createPrivateKey } from 'node:crypto';

/**
 * For `localhost`, 127.0.0.1 and ::1; valid from 2025-01-01 to 2025-04-01, and signed by itself. A client that trusts it
 * sees only that it has expired.
 */
export const EXPIRED_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBdjCCAR2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMjUwMTAxMDAwMDAwWhcNMjUwNDAxMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQY1BDRk972nKoijIEI
6YpXQPP9kF3qLevHxRzSEsS+zwI0X2Hc6QOOZIbl/HOb3aBZZFpOoFu7uhN4eL/a
n6pVo2AwXjAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAA
AAAAAAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUTZXUj46ukqjrFDEE84IP
96oS+iwwCgYIKoZIzj0EAwIDRwAwRAIgEWL/ioNZxEJE2UkkNzjDFA51EVXoG8jL
+acBrr4GQZgCIHIavwytWAd4Q97aEtaQWzYFB/kNmwvjBqNy4ViRyCz9
-----END CERTIFICATE-----
`;

/** Its key is no secret, so it is made from a sentence. */
const SENTENCE = 'keyfob sandbox: the key of an expired certificate';

/** The key of the certificate, in PEM. */
export const createExpiredKey = (): string => {
  const scalar = createHash('sha256').update(SENTENCE).digest();
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(scalar);
  // One byte says that both coordinates follow.
  const point = curve.getPublicKey();
  const [x, y] = [write(point.subarray(1, 33)), write(point.subarray(33))];
  const key = createPrivateKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x, y, d: write(scalar) },
  });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const write = (part: Buffer): string => part.toString('base64url');
