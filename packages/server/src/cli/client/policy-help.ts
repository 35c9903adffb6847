import type { PolicyField } from '../../exports/clients.ts';
import { DIALECTS } from '../../exports/dialects.ts';
import type { Dialect } from '../../exports/dialects.ts';

const dialects: readonly Dialect[] = Object.values(DIALECTS);
/** The dialects whose access tokens may have several lengths, and which. */
const LENGTHS = dialects.flatMap(({ name, shapes }) => {
  const { tail } = shapes.accessToken;
  return tail === undefined ? [] : [`${name}: ${tail.from} to ${tail.from + tail.maxCharacters}`];
});

/** What each policy field does, for the help. */
export const POLICY_HELP: Readonly<Record<PolicyField, string>> = {
  refreshTokenLifetimeSeconds: 'lifetime of each refresh token, from its issuance',
  accessTokenLifetimeSeconds: 'lifetime of each access token',
  rotation: 'strict, overlap, until-used or none',
  overlapSeconds: 'with rotation overlap: how long a used refresh token may be repeated (0 to 900)',
  untilUsedSeconds:
    'with rotation until-used: how long after its first use a token may be repeated at most; no limit by default',
  raceSeconds:
    'how long after its overlap, or without one after its first use, a repeated refresh token is refused but not treated as stolen (0 to 900)',
  onReplay: 'revoke, refuse or observe',
  onReplayAccessTokens:
    'expire or end: whether access tokens run out, or end at once, when a replay revokes their grant',
  grantLifetimeSeconds: 'lifetime of a grant from its creation, or none',
  resyncGenerations: 'how many generations a token may be ahead of a store that lost its newest writes',
  requireUserAgent: 'true or false: refuse requests without a User-Agent',
  clientAuthentication:
    'both, basic or post: where the secret may be in a request; or private_key_jwt, tls_client_auth or self_signed_tls_client_auth, which allow no secret',
  profile:
    'none, or fapi2: the FAPI 2.0 Security Profile, with pushed requests, no secrets, bound tokens and codes of 60 seconds',
  authorizationDetails:
    'vehicle_data or none: let it ask for vehicle data by name, purpose and end (RFC 9396)',
  requirePar: 'true or false: refuse authorization requests that were not pushed (RFC 9126)',
  untypedAssertions:
    'true or false: accept assertions without their type, client-authentication+jwt, and report each (RFC 7523)',
  tlsClientSubject:
    'whom certificates of the client are issued to, as in dns:app.example (tls_client_auth); empty for nobody',
  senderConstraint: 'none, dpop or mtls: what access tokens must be bound to (RFC 9449, RFC 8705)',
  includeRefreshExpiry:
    'true or false: add refresh_token_expires_in to the answer, in dialects that have room for it',
  accessTokenAlgorithm:
    'ES256, or RS256 for resource servers that know nothing else; needs a key of the purpose sign-rs256',
  accessTokenFormat: 'opaque, or jwt for resource servers that verify tokens themselves (RFC 9068)',
  accessTokenLength: `characters of opaque access tokens, for columns that are too short (${LENGTHS.join(', ')})`,
  grantScope:
    'what owners may grant the client, space separated; empty for nothing. Access tokens of existing grants are narrowed to it at once',
  simulatedOwners:
    'true or false: let simulated owners give the client access, for requests with mode=simulated or on a server with --demo',
  requirePkce:
    'true or false: refuse authorization requests without a PKCE challenge (RFC 7636), as for every public client',
  nativeApp:
    "true or false: an app on the owner's own machine, which may return to any port of 127.0.0.1, [::1] or localhost (RFC 8252)",
  personalGrant:
    "the grant for which the client gets access tokens with its secret alone, for an owner's own client; empty for none",
  clientCredentialsScope: 'scope of tokens for the client itself, space separated; empty for none',
  audience:
    'audiences of access tokens (aud), space separated: what a client may name as resource (RFC 8707); empty for the issuer',
  deviceFlow:
    'true or false: let devices without a browser ask owners for access, by a code that owners enter elsewhere (RFC 8628)',
  clientCredentials: 'true or false: let the client get tokens for itself (POST /oauth2/token)',
};
