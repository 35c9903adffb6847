import type { Client } from '../clients/client.ts';
import { createFailureBuckets } from '../clients/failure-buckets.ts';
import { networkOf } from '../clients/network.ts';
import { findScopeFault, splitScope } from '../clients/scopes.ts';
import type { ScopeRegistry } from '../clients/scopes.ts';
import type { Clock } from '../clock.ts';
import { answerClient } from '../dialects/oauth/answers.ts';
import { askedScopes } from '../dialects/oauth/asked-scopes.ts';
import { joinScope } from '../dialects/oauth/authorize.ts';
import { dialectOf } from '../dialects/dialects.ts';
import { Refusal } from '../errors.ts';
import { DEVICE_CODE_LIFETIME_SECONDS, POLL_INTERVAL_SECONDS } from '../grants/device-request.ts';
import { showUserCode } from '../grants/user-code.ts';
import { requestDevice } from '../operations/request-device.ts';
import type { Route, Visit } from '../wire/route.ts';
import { authenticateForm } from './authenticate-form.ts';
import type { EndpointContext } from './context.ts';
import { PATHS } from './metadata.ts';

/** How clients authenticate here. */
export const DEVICE_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

/** Requests of public clients, which prove no secret: each one makes a row. Within a minute. */
const PUBLIC_PER_ADDRESS_MAX = 30;
const PUBLIC_IN_TOTAL_MAX = 600;

/**
 * `POST /oauth/device_authorization`: a device gets a code to poll with, and a code that its owner enters in a browser
 * elsewhere.
 *
 * @see RFC 8628 §3.1 and §3.2
 */
export const createDeviceAuthorization = (context: EndpointContext, scopes: ScopeRegistry): Route => {
  const count = createPublicLimit(context.authentication.monotonic);
  return async (visit) => {
    const { form, client } = await authenticateForm(context, visit, DEVICE_METHODS);
    const { type, policy } = client;
    const { shapes, vehicleSelection } = dialectOf(client);
    // Where owners choose vehicles on a later page, the client has to send them there, which a device cannot.
    if (type === 'resource-server' || policy.deviceFlow !== true || vehicleSelection !== undefined)
      throw new Refusal('client_not_permitted');
    if (form.has('authorization_details')) throw refuseDetails();
    const scope = readScope(form.get('scope'), client, scopes);
    const codeChallenge = readChallenge(form);
    if (type === 'public') count(visit);
    const { exchange, caller } = visit;
    const { deviceCode, userCode } = await requestDevice(
      context,
      { client, shapes },
      { scope, codeChallenge },
      { requestId: exchange.requestId, caller },
    );
    const shown = showUserCode(userCode);
    const verificationUri = `${context.issuer}${PATHS.verification}`;
    return answerClient(
      {
        device_code: deviceCode,
        user_code: shown,
        verification_uri: verificationUri,
        verification_uri_complete: `${verificationUri}?user_code=${shown}`,
        expires_in: DEVICE_CODE_LIFETIME_SECONDS,
        interval: POLL_INTERVAL_SECONDS,
      },
      exchange,
    );
  };
};

/** The scope that a device asks for. Throws a `Refusal`. */
const readScope = (text: string | undefined, client: Client, scopes: ScopeRegistry): string => {
  const { protocolScopes = [] } = dialectOf(client);
  const scope = joinScope(askedScopes(splitScope(text), client, protocolScopes));
  if (typeof scope !== 'string') {
    const { error, description } = scope;
    throw new Refusal('scope_unknown', [], { oauthError: { error, description } });
  }
  const fault = findScopeFault(scopes, client, scope);
  if (fault === undefined) return scope;
  // The same for both, so that no client learns of the others' scopes.
  const description = 'The scope is not known, or not allowed for this client.';
  throw new Refusal(fault.reason, [], { oauthError: { error: 'invalid_scope', description } });
};

/** A request of a device has no room for vehicle data. Left out in silence, the owner would agree to something else. @see RFC 9396 §5 */
const refuseDetails = (): Refusal =>
  new Refusal('details_not_allowed', [], {
    oauthError: {
      error: 'invalid_authorization_details',
      description:
        'A device cannot ask for authorization_details: ask for scopes, or send the owner to the authorization endpoint.',
    },
  });

/** The PKCE challenge; `undefined` for none. Throws a `Refusal`. @see RFC 7636 §4.3 */
const readChallenge = (form: ReadonlyMap<string, string>): string | undefined => {
  const challenge = form.get('code_challenge');
  const method = form.get('code_challenge_method');
  if (challenge === undefined && method === undefined) return undefined;
  if (method === 'S256' && challenge !== undefined && /^[A-Za-z0-9_-]{43}$/.test(challenge)) return challenge;
  const description =
    'code_challenge must be 43 characters of base64url, and code_challenge_method must be S256.';
  throw new Refusal('parameters_wrong', [], { oauthError: { error: 'invalid_request', description } });
};

/** Throws a `Refusal` where a request of a public client is one too many. An address is judged first. */
const createPublicLimit = (monotonic: Clock): ((visit: Visit) => void) => {
  const buckets = [
    {
      bucket: createFailureBuckets(PUBLIC_PER_ADDRESS_MAX, 60),
      keyOf: ({ caller }: Visit) => networkOf(caller.address),
    },
    { bucket: createFailureBuckets(PUBLIC_IN_TOTAL_MAX, 60), keyOf: () => '' },
  ];
  return (visit) => {
    const nowMs = monotonic();
    for (const { bucket, keyOf } of buckets) {
      const waitMs = bucket.waitMs(keyOf(visit), nowMs);
      if (waitMs <= 0) continue;
      const description = 'Too many devices ask at a time. Try again later.';
      throw new Refusal('throttled', [], {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
        oauthError: { error: 'temporarily_unavailable', description },
      });
    }
    for (const { bucket, keyOf } of buckets) bucket.fill(keyOf(visit), nowMs);
  };
};
