import type { Client } from '../clients/client.ts';
import { toSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { signAccessJwt } from '../tokens/access-jwt.ts';
import { signingKeyAt } from '../tokens/key-ring.ts';
import { sealTokenId } from '../tokens/token-id.ts';
import { audienceOf } from '../grants/issue.ts';
import type { Minting } from '../grants/issue.ts';

/** A token that a client got for itself. There is no refresh token: its credentials get it the next one. */
export type ClientToken = {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly scope: string;
};

/**
 * A token for the authenticated client itself, without an owner: always a JWT, and kept nowhere. Covers the scope asked
 * for, or all that the client may have. Throws a `Refusal` where it may get none or not that scope.
 *
 * @see RFC 6749 §4.4, RFC 9068 §2.2 for `sub`
 */
export const issueClientToken = async (
  { keyRing, nextSerial, issuer }: Minting & { readonly issuer: string },
  client: Client,
  scopeAskedFor: string | undefined,
  nowMs: number,
): Promise<ClientToken> => {
  const { id, type, policy } = client;
  if (type !== 'confidential' || !policy.clientCredentials) throw new Refusal('client_not_permitted');
  const scope = narrow(policy.clientCredentialsScope ?? '', scopeAskedFor);
  const issuedAt = toSeconds(nowMs);
  const expiresInSeconds = policy.accessTokenLifetimeSeconds;
  const key = signingKeyAt(keyRing, issuedAt);
  const accessToken = await signAccessJwt(key, {
    iss: issuer,
    sub: id,
    aud: audienceOf(policy, issuer),
    client_id: id,
    scope,
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
    jti: sealTokenId(key, { kind: 'client', issuedAt, serial: nextSerial() }),
  });
  return { accessToken, expiresInSeconds, scope };
};

/** What is asked for, where the client may have all of it. */
const narrow = (allowed: string, askedFor: string | undefined): string => {
  if (askedFor === undefined) return allowed;
  const names = new Set(allowed.split(' '));
  if (askedFor.split(' ').some((name) => !names.has(name))) throw new Refusal('scope_unknown');
  return askedFor;
};
