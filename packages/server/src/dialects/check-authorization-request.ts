import { isNativeApp } from '../clients/client.ts';
import type { Client } from '../clients/client.ts';
import { isRegisteredRedirect, onlyRedirectUri } from '../clients/redirect-uri.ts';
import { findScopeFault, splitScope } from '../clients/scopes.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import { chooseAudiences } from '../grants/audience.ts';
import type { QueryParameters } from '../wire/query.ts';
import { readVehicleDataRequest } from './authorization-details.ts';
import type { DetailsRules } from './authorization-details.ts';
import type { AuthorizationFault, AuthorizationRequest, AuthorizationWire } from './authorization.ts';

/** What a request is checked against, besides its client. */
export type RequestRules = {
  /** The issuer identifier of this server. */
  readonly publicUrl: string;
  readonly isDemo: boolean;
} & DetailsRules;

/** A checked redirect URI, and whether the request named it. */
export type CheckedRedirect = Pick<AuthorizationRequest, 'redirectUri' | 'isRedirectUriNamed'>;

/**
 * What a client asks an owner for, or what is wrong with it. The redirect URI was checked first, because a fault may be
 * reported there.
 */
export const checkAuthorizationRequest = (
  rules: RequestRules,
  wire: AuthorizationWire,
  { client, redirect }: { readonly client: Client; readonly redirect: CheckedRedirect },
  parameters: QueryParameters,
): AuthorizationRequest | AuthorizationFault => {
  const parsed =
    findTargetFault(rules, client, wire.resourceName && parameters.get(wire.resourceName)) ??
    refuseNotAllowed(rules, client, wire.parse(parameters, client));
  const checked = 'error' in parsed ? parsed : addDetails(rules, client, parsed, detailsOf(wire, parameters));
  return 'error' in checked ? checked : { ...checked, ...redirect };
};

const detailsOf = ({ detailsName }: AuthorizationWire, parameters: QueryParameters): string | undefined =>
  detailsName === undefined ? undefined : parameters.get(detailsName);

/** Adds the vehicle data that a request names, with its scopes, to what it asks for besides. */
const addDetails = (
  rules: RequestRules,
  client: Client,
  request: Exclude<ParseResult, AuthorizationFault>,
  details: string | undefined,
): ParseResult => {
  if (details === undefined) return request;
  const read = readVehicleDataRequest(rules, client, details);
  if ('error' in read) return read;
  const names = new Set([...splitScope(request.scope), ...splitScope(read.scope)]);
  return { ...request, scope: [...names].join(' '), vehicleData: read.vehicleData };
};

/** A refusal that says which parameter is wrong, in constant words: a value is never repeated. */
export const faultOf = (reason: RefusalReason, field: string, how: string): Refusal =>
  new Refusal(reason, [{ field, message: `${field} ${how}.` }]);

type ParseResult = ReturnType<AuthorizationWire['parse']>;

/** Refuses what the client may not ask owners for: its registration does not allow it. */
const refuseNotAllowed = (rules: RequestRules, client: Client, parsed: ParseResult): ParseResult => {
  if ('error' in parsed) return parsed;
  if (parsed.isSimulated && !mayHaveSimulated(rules, client))
    return {
      reason: 'client_not_permitted',
      error: 'unauthorized_client',
      description: 'mode must be live for this client.',
    };
  const fault = findScopeFault(rules.scopes, client, parsed.scope);
  return fault === undefined ? parsed : { ...INVALID_SCOPE, reason: fault.reason };
};

/**
 * Whether simulated owners may give a client access. They prove no identity, and neither does a public client: outside a
 * demo, anyone could fill the store with grants, and get tokens that introspection reports as active.
 */
const mayHaveSimulated = ({ isDemo }: RequestRules, { type, policy }: Client): boolean =>
  policy.simulatedOwners === true && (isDemo || type !== 'public');

/** The same for an unknown scope and for one that the client may not have, so that no client learns of the others' scopes. */
const INVALID_SCOPE = {
  error: 'invalid_scope',
  description: 'The scope is not known, or not allowed for this client.',
} as const;

/**
 * The fault of a request for tokens for a resource that its client may not name. What it may name, its registration says and not
 * the owner, so nothing is stored: the token requests name it again.
 *
 * @see RFC 8707 §2.1
 */
const findTargetFault = (
  { publicUrl }: RequestRules,
  { policy }: Client,
  resources: string | undefined,
): AuthorizationFault | undefined => {
  // Opaque tokens are for all audiences, and the client may get JWTs until it exchanges the code.
  const isKnown =
    resources === undefined ||
    chooseAudiences({ ...policy, accessTokenFormat: 'jwt' }, resources, publicUrl) !== 'unknown';
  return isKnown
    ? undefined
    : {
        reason: 'target_unknown',
        error: 'invalid_target',
        description: 'The client gets no token for this resource.',
      };
};

/** The redirect URI of a request. Throws a `Refusal`: an error must not lead to an address that is not registered. */
export const checkRedirectUri = (
  { redirectUriName, isRedirectUriOptional }: AuthorizationWire,
  parameters: QueryParameters,
  client: Client,
): CheckedRedirect => {
  if (parameters.repeated.has(redirectUriName))
    throw faultOf('redirect_uri_unregistered', redirectUriName, 'was sent more than once');
  const named = parameters.get(redirectUriName);
  const only = isRedirectUriOptional ? onlyRedirectUri(client) : undefined;
  if (named === undefined && only !== undefined) return { redirectUri: only, isRedirectUriNamed: false };
  if (named === undefined) throw faultOf('redirect_uri_missing', redirectUriName, 'is missing');
  if (!isRegisteredRedirect(client.redirectUris, named, { isNativeApp: isNativeApp(client) }))
    throw faultOf('redirect_uri_unregistered', redirectUriName, 'is not registered for this client');
  return { redirectUri: named, isRedirectUriNamed: true };
};
