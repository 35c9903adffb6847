import { SCOPE } from '../clients/policy.ts';
import { earliestMsOf, readNow, toSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import { writeAudience } from '../grants/audience.ts';
import { signAccessJwt } from '../tokens/access-jwt.ts';
import { signingKeyAt } from '../tokens/key-ring.ts';
import { sealTokenId } from '../tokens/token-id.ts';
import { readAudiences, RESOURCE } from './audience.ts';
import { defineGrantType } from './grant-type.ts';
import type { GrantType } from './grant-type.ts';

/**
 * Issues a token for the authenticated client itself, without an owner: always a JWT, and not stored. It covers the
 * scope that was asked for, or else all that the client may have. There is no refresh token.
 *
 * @see RFC 6749 §4.4, RFC 9068 §2.2 for `sub`
 */
export const clientCredentials: GrantType = defineGrantType({
  grantType: 'client_credentials',
  description: { givesRefreshToken: false, refusals: [] },
  parameters: [
    {
      name: 'scope',
      purpose: 'What the token is for, space separated; all that the client may have where absent.',
      form: { isValid: (scope) => SCOPE.test(scope), otherwise: 'scope_unknown' },
    },
    RESOURCE,
  ],
  async handle(context, { client, parameters, dialect, requestId, caller, binding }) {
    const { keyRing, issuer } = context;
    const { id, type, policy } = client;
    if (type !== 'confidential' || !policy.clientCredentials) throw new Refusal('client_not_permitted');
    const scope = narrow(policy.clientCredentialsScope ?? '', parameters.scope);
    // Always a JWT, whatever the client's other tokens are.
    const audiences = readAudiences({ ...policy, accessTokenFormat: 'jwt' }, parameters.resource, issuer);
    const now = readNow(context);
    const issuedAt = toSeconds(now.nowMs);
    const expiresInSeconds = policy.accessTokenLifetimeSeconds;
    const key = signingKeyAt(keyRing, toSeconds(earliestMsOf(now)), policy.accessTokenAlgorithm);
    const accessToken = await signAccessJwt(key, {
      iss: issuer,
      sub: id,
      aud: writeAudience(audiences),
      client_id: id,
      scope,
      iat: issuedAt,
      exp: issuedAt + expiresInSeconds,
      jti: sealTokenId(key, { kind: 'client', issuedAt, serial: context.nextSerial() }),
      binding,
    });
    context.emit({ event: 'client_token.issued', dialect, requestId, caller, clientId: id });
    const isAsAsked = scope === (parameters.scope ?? '');
    return { accessToken, expiresInSeconds, ...(isAsAsked ? {} : { scope }) };
  },
});

/** The scope that was asked for, if the client may have all of it. */
const narrow = (allowed: string, requested: string | undefined): string => {
  if (requested === undefined) return allowed;
  const names = new Set(allowed.split(' '));
  if (requested.split(' ').some((name) => !names.has(name))) throw new Refusal('scope_unknown');
  return requested;
};
