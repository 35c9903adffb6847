import { isNativeApp } from '../clients/client.ts';
import type { Client } from '../clients/client.ts';
import { isRegisteredRedirect, onlyRedirectUri } from '../clients/redirect-uri.ts';
import { findScopeFault } from '../clients/scopes.ts';
import { redirectTo } from '../dialects/authorization.ts';
import type {
  AuthorizationFault,
  AuthorizationRequest,
  AuthorizationWire,
} from '../dialects/authorization.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { chooseAudiences } from '../grants/audience.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { QueryParameters } from '../wire/query.ts';
import { Refusal } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { createPageContext } from './pages/page-context.ts';
import { redirect } from './pages/redirect.ts';

/** A valid authorization request, and the client that sent it. */
export type ParsedRequest = { readonly client: Client; readonly request: AuthorizationRequest };

/** Leaves room for a state of 2048 characters, most of them percent-encoded, and all other parameters. */
export const QUERY_MAX_CHARACTERS = 8192;

/**
 * Parses an authorization request: the first one, and the same request again with every form. Until the client and its
 * redirect URI are verified, every error is thrown as a `Refusal` and becomes a page. After that, an error is returned as
 * a redirect to the client, if the dialect supports this.
 *
 * @see RFC 6749 §4.1.2.1, RFC 9700 §4.11.2
 */
export const parseAuthorizationRequest = async (
  context: ConnectContext,
  dialect: Dialect,
  visit: Visit,
): Promise<ParsedRequest | WireResponse> => {
  const { query } = visit.request;
  const { authorization: wire } = dialect;
  const parameters = query.length > QUERY_MAX_CHARACTERS ? undefined : readQuery(query);
  if (parameters === undefined) throw unreadableQuery();
  const client = await readClient(context, dialect, parameters);
  const redirectUri = readRedirectUri(wire, parameters, client);
  const parsed =
    findTargetFault(context, client, wire.resourceName && parameters.get(wire.resourceName)) ??
    refuseNotAllowed(context, client, wire.parse(parameters, client));
  const isRedirectUriNamed = parameters.get(wire.redirectUriName) !== undefined;
  if (!('error' in parsed)) return { client, request: { ...parsed, redirectUri, isRedirectUriNamed } };

  const { reason, error, description } = parsed;
  if (!wire.redirectsFaults) throw new Refusal(reason, [{ field: '', message: description }]);
  const { emit, publicUrl } = context;
  const { exchange, caller } = visit;
  emit({
    event: 'request.refused',
    dialect: dialect.name,
    requestId: exchange.requestId,
    caller,
    clientId: client.id,
    reason,
  });
  const rawState = parameters.getRaw('state');
  const location = redirectTo({ redirectUri, rawState }, wire.renderError(error, description, publicUrl));
  const { keepsOpener } = wire;
  return redirect(createPageContext(context, visit, { keepsOpener }), location, { status: 302 });
};

/** A refusal that says which parameter is wrong, in constant words: a value is never repeated. */
export const faultOf = (reason: RefusalReason, field: string, how: string): Refusal =>
  new Refusal(reason, [{ field, message: `${field} ${how}.` }]);

export const unreadableQuery = (): Refusal =>
  faultOf(
    'parameters_wrong',
    'The query',
    `is longer than ${QUERY_MAX_CHARACTERS} characters or not well-formed`,
  );

type ParseResult = ReturnType<AuthorizationWire['parse']>;

/** Refuses what the client may not ask owners for: its registration does not allow it. */
const refuseNotAllowed = (context: ConnectContext, client: Client, parsed: ParseResult): ParseResult => {
  if ('error' in parsed) return parsed;
  if (parsed.isSimulated && !mayHaveSimulated(context, client))
    return {
      reason: 'client_not_permitted',
      error: 'unauthorized_client',
      description: 'mode must be live for this client.',
    };
  const fault = findScopeFault(context.scopes, client, parsed.scope);
  return fault === undefined ? parsed : { ...INVALID_SCOPE, reason: fault.reason };
};

/**
 * Whether simulated owners may give a client access. They prove no identity, and neither does a public client: outside a
 * demo, anyone could fill the store with grants, and get tokens that introspection reports as active.
 */
const mayHaveSimulated = ({ isDemo }: ConnectContext, { type, policy }: Client): boolean =>
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
  { publicUrl }: ConnectContext,
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

const readClient = async (
  { store, noticeKeys }: ConnectContext,
  { name, authorization: { clientIdName } }: Dialect,
  parameters: QueryParameters,
): Promise<Client> => {
  const clientId = parameters.get(clientIdName);
  if (clientId === undefined) throw faultOf('client_unknown', clientIdName, 'is missing');
  if (parameters.repeated.has(clientIdName))
    throw faultOf('client_unknown', clientIdName, 'was sent more than once');
  const { client, keys } = await store.readClient(clientId);
  // Makes sure that everything after this uses the newest keys.
  noticeKeys(keys);
  const refuse = (reason: RefusalReason): Refusal =>
    faultOf(reason, clientIdName, 'is not that of an active client of this API');
  if (client === undefined) throw refuse('client_unknown');
  if (client.dialect !== name) throw refuse('client_of_other_dialect');
  if (client.disabledAtMs !== undefined) throw refuse('client_disabled');
  return client;
};

const readRedirectUri = (
  { redirectUriName, isRedirectUriOptional }: AuthorizationWire,
  parameters: QueryParameters,
  client: Client,
): string => {
  if (parameters.repeated.has(redirectUriName))
    throw faultOf('redirect_uri_unregistered', redirectUriName, 'was sent more than once');
  const named = parameters.get(redirectUriName);
  const only = isRedirectUriOptional ? onlyRedirectUri(client) : undefined;
  if (named === undefined && only !== undefined) return only;
  if (named === undefined) throw faultOf('redirect_uri_missing', redirectUriName, 'is missing');
  if (!isRegisteredRedirect(client.redirectUris, named, { isNativeApp: isNativeApp(client) }))
    throw faultOf('redirect_uri_unregistered', redirectUriName, 'is not registered for this client');
  return named;
};
