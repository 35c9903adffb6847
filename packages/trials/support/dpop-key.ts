import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto';

/** What is different about one proof. */
export type ProofOptions = {
  readonly method?: string;
  readonly nonce?: string | undefined;
  readonly accessToken?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
};

/** A key of a client that signs DPoP proofs by ES256. `nowSeconds` is the time at which they are made. */
export const createDpopKey = (nowSeconds: () => number) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' });
  const header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } });
  return {
    thumbprint: hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url'),
    prove(uri: string, { method = 'POST', nonce, accessToken, claims }: ProofOptions = {}): string {
      const payload = {
        jti: randomUUID(),
        htm: method,
        htu: uri,
        iat: nowSeconds(),
        ...(nonce === undefined ? {} : { nonce }),
        ...(accessToken === undefined ? {} : { ath: hash('sha256', accessToken, 'base64url') }),
        ...claims,
      };
      const input = `${header}.${encode(payload)}`;
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${input}.${signature.toString('base64url')}`;
    },
  };
};

export type DpopKey = ReturnType<typeof createDpopKey>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
