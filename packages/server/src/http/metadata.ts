import { PROOF_ALGORITHMS } from '../clients/public-jwk.ts';
import type { DataRegistry } from '../clients/data-names.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { DIALECTS, metadataDialectOf } from '../dialects/dialects.ts';
import { Refusal, StoreError } from '../errors.ts';
import { VEHICLE_DATA } from '../grants/vehicle-data.ts';
import { grantTypesOf } from '../grant-types/grant-types.ts';
import { answerEverybody } from '../dialects/oauth/answers.ts';
import type { Route } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';
import { REGISTRATION_PATH } from './registration-paths.ts';
import { INTROSPECTION_METHODS } from './introspection.ts';
import { REVOCATION_METHODS } from './revocation.ts';

/** The paths of the endpoints, under the issuer. */
export const PATHS = {
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  deviceAuthorization: '/oauth/device_authorization',
  pushedAuthorization: '/oauth/par',
  verification: '/device',
  metadata: '/.well-known/oauth-authorization-server',
  jwks: '/.well-known/jwks.json',
  protectedResource: '/.well-known/oauth-protected-resource',
  openId: '/.well-known/openid-configuration',
  openApi: '/openapi.json',
} as const;

const dialects: readonly Dialect[] = Object.values(DIALECTS);
/** Where devices ask for a code: at the endpoint that metadata names, and at those of vendors. */
export const DEVICE_PATHS: readonly string[] = [
  PATHS.deviceAuthorization,
  ...dialects.flatMap(({ deviceAuthorizationPath }) => deviceAuthorizationPath ?? []),
];

/** What a server's metadata says of it, besides its issuer. */
export type MetadataRules = {
  /** The dialect whose endpoints it names. */
  readonly metadataDialect: string | undefined;
  /** Whether no client's request is accepted that was not pushed. */
  readonly requirePushedRequests: boolean;
  /** The vehicle data that clients may ask for by name. */
  readonly data: DataRegistry;
  /** Whether clients may register themselves. */
  readonly clientRegistration: boolean;
  /** Further members, which replace none of the server's own. */
  readonly moreMetadata?: Readonly<Record<string, unknown>> | undefined;
};

/** How assertions may be signed, as far as libraries know the names. */
const SIGNED_BY = PROOF_ALGORITHMS.filter((name) => name !== 'Ed25519');

/**
 * `GET /.well-known/oauth-authorization-server`: what a client library needs to know about the server. It names one token
 * endpoint and the grant types of that endpoint.
 *
 * @see RFC 8414 §2 and §3
 */
export const createMetadata = (
  context: { readonly issuer: string; readonly mtlsUrl?: string | undefined },
  { metadataDialect, requirePushedRequests, data, clientRegistration, moreMetadata }: MetadataRules,
): Route => {
  const { authorization, tokenEndpoints } = metadataDialectOf(metadataDialect);
  const [[tokenPath, endpoint] = []] = Object.entries(tokenEndpoints);
  const grantTypes = endpoint && [...grantTypesOf(endpoint).keys()];
  return () => {
    const { issuer, mtlsUrl } = context;
    const at = (path: string): string => `${issuer}${path}`;
    const byCertificate = mtlsUrl === undefined ? [] : TLS_METHODS;
    return answerEverybody(
      {
        ...moreMetadata,
        issuer,
        authorization_endpoint: at(authorization.path),
        // RFC 9126 §5.
        pushed_authorization_request_endpoint: at(PATHS.pushedAuthorization),
        require_pushed_authorization_requests: requirePushedRequests,
        // RFC 9396 §10.
        ...(data.size === 0 || authorization.detailsName === undefined
          ? {}
          : { authorization_details_types_supported: [VEHICLE_DATA] }),
        token_endpoint: at(tokenPath ?? ''),
        // RFC 8628 §4.
        device_authorization_endpoint: at(PATHS.deviceAuthorization),
        // RFC 7591 §3.
        ...(clientRegistration ? { registration_endpoint: at(REGISTRATION_PATH) } : {}),
        jwks_uri: at(PATHS.jwks),
        response_types_supported: ['code'],
        response_modes_supported: ['query'],
        grant_types_supported: grantTypes,
        token_endpoint_auth_methods_supported: [...(endpoint?.methods ?? []), ...byCertificate],
        token_endpoint_auth_signing_alg_values_supported: SIGNED_BY,
        code_challenge_methods_supported: ['S256'],
        dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
        authorization_response_iss_parameter_supported: true,
        introspection_endpoint: at(PATHS.introspection),
        introspection_endpoint_auth_methods_supported: [...INTROSPECTION_METHODS, ...byCertificate],
        introspection_endpoint_auth_signing_alg_values_supported: SIGNED_BY,
        revocation_endpoint: at(PATHS.revocation),
        revocation_endpoint_auth_methods_supported: [...REVOCATION_METHODS, ...byCertificate],
        revocation_endpoint_auth_signing_alg_values_supported: SIGNED_BY,
        // RFC 9728 §4.
        protected_resources: [issuer],
        ...(mtlsUrl === undefined ? {} : mtlsMembers(mtlsUrl, tokenPath ?? '')),
      },
      { isCacheable: true },
    );
  };
};

const TLS_METHODS = ['tls_client_auth', 'self_signed_tls_client_auth'];

/** What clients with certificates must know. @see RFC 8705 §3.3 and §5 */
const mtlsMembers = (mtlsUrl: string, tokenPath: string) => ({
  tls_client_certificate_bound_access_tokens: true,
  mtls_endpoint_aliases: {
    token_endpoint: `${mtlsUrl}${tokenPath}`,
    pushed_authorization_request_endpoint: `${mtlsUrl}${PATHS.pushedAuthorization}`,
    introspection_endpoint: `${mtlsUrl}${PATHS.introspection}`,
    revocation_endpoint: `${mtlsUrl}${PATHS.revocation}`,
    device_authorization_endpoint: `${mtlsUrl}${PATHS.deviceAuthorization}`,
  },
});

/**
 * `GET /.well-known/oauth-protected-resource`: what a client needs to know about the vehicle calls, which this server answers
 * itself. Their resource identifier is the issuer, the audience of every token that names no other.
 *
 * @see RFC 9728 §2 and §3
 */
export const createResourceMetadata =
  (context: { readonly issuer: string }): Route =>
  () => {
    const { issuer } = context;
    return answerEverybody(
      {
        resource: issuer,
        authorization_servers: [issuer],
        bearer_methods_supported: ['header'],
        dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
        resource_name: 'Vehicles',
      },
      { isCacheable: true },
    );
  };

/**
 * `GET /.well-known/openid-configuration`: a 404 that says where the metadata is. Nothing else would be honest, because there
 * are no ID tokens (`docs/decisions/0027-discovery.md`).
 *
 * @see RFC 8414 §5
 */
export const createOpenIdRefusal =
  (context: { readonly issuer: string }): Route =>
  () => {
    const description =
      `This server speaks OAuth 2.0 without OpenID Connect: it issues no ID tokens. Its metadata is at ` +
      `${context.issuer}${PATHS.metadata} (RFC 8414).`;
    throw new Refusal('path_unknown', [], { oauthError: { error: 'invalid_request', description } });
  };

/**
 * `GET /.well-known/jwks.json`: the public part of every usable signing key, including those that do not sign yet. A key
 * that is compromised or retired is gone at once, so that resource servers stop to accept its JWTs. Also answered while
 * the store is unavailable, so that resource servers can go on.
 *
 * @see RFC 7517 §5
 */
export const createJwks =
  (context: EndpointContext): Route =>
  async () => {
    const isComplete = await hasEveryKey(context);
    const { sign, signRs256 } = context.keyRing;
    const keys = [...sign.usable, ...signRs256.usable].map(({ signingKey }) => signingKey().jwk);
    return answerEverybody({ keys }, { isCacheable: isComplete });
  };

/** Whether the ring has every key; it is read again where the store has registered a newer one. */
const hasEveryKey = async ({ store, noticeKeys }: EndpointContext): Promise<boolean> => {
  try {
    return !noticeKeys((await store.readClient('')).keys);
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
};
