import type { Client } from '../clients/client.ts';
import { redirectTo } from '../dialects/authorization.ts';
import type { AuthorizationRequest } from '../dialects/authorization.ts';
import {
  checkAuthorizationRequest,
  checkRedirectUri,
  faultOf,
} from '../dialects/check-authorization-request.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { QueryParameters } from '../wire/query.ts';
import { Refusal } from '../errors.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { RefusalReason } from '../errors.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { createPageContext } from './pages/page-context.ts';
import { redirect as redirectOwner } from './pages/redirect.ts';
import { readSentRequest } from './pushed-authorization.ts';

/** A valid authorization request, and the client that sent it. */
export type ParsedRequest = {
  readonly client: Client;
  readonly request: AuthorizationRequest;
  /** The grant that consent makes, where the client pushed the request. */
  readonly grantId: GrantId | undefined;
};

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
  const { query: text } = visit.request;
  const { authorization: wire } = dialect;
  const query = text.length > QUERY_MAX_CHARACTERS ? undefined : readQuery(text);
  if (query === undefined) throw unreadableQuery();
  const client = await readClient(context, dialect, query);
  const { parameters, grantId, fault } = await readSentRequest(context, client, query, visit);
  const redirect = checkRedirectUri(wire, parameters, client);
  const parsed = fault ?? checkAuthorizationRequest(context, wire, { client, redirect }, parameters);
  if (!('error' in parsed)) return { client, request: parsed, grantId };

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
  const location = redirectTo({ ...redirect, rawState }, wire.renderError(error, description, publicUrl));
  const { keepsOpener } = wire;
  return redirectOwner(createPageContext(context, visit, { keepsOpener }), location, { status: 302 });
};

export const unreadableQuery = (): Refusal =>
  faultOf(
    'parameters_wrong',
    'The query',
    `is longer than ${QUERY_MAX_CHARACTERS} characters or not well-formed`,
  );

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
