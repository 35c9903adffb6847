import type { Client } from '../clients/client.ts';
import { isRegisteredRedirect } from '../clients/redirect-uri.ts';
import { redirectTo } from '../dialects/authorization.ts';
import type { AuthorizationRequest, AuthorizationWire } from '../dialects/authorization.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { WireResponse } from '../wire/exchange.ts';
import { readQuery } from '../wire/query.ts';
import type { QueryParameters } from '../wire/query.ts';
import { Refusal } from '../errors.ts';
import type { Visit } from '../wire/route.ts';
import type { ConnectContext } from './context.ts';
import { redirect } from './pages/page.ts';

/** What is asked, and by whom. */
export type ParsedRequest = { readonly client: Client; readonly request: AuthorizationRequest };

/** Room for a state of 2048 characters, most of them encoded, and all the rest. */
export const QUERY_MAX_CHARACTERS = 8192;

/**
 * Reads an authorization request, at first and again at every form. As long as it is not certain who asks and that the
 * owner may be sent there, whatever is wrong is thrown as a `Refusal` and becomes a page; after that the client is told
 * where its wire has a way to, which is the answer then.
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
  if (parameters === undefined) throw new Refusal('parameters_wrong');
  const client = await readClient(context, dialect, parameters);
  const redirectUri = readRedirectUri(wire, parameters, client);
  const wanted = refuseStrangers(context, client, wire.parse(parameters, client));
  if (!('error' in wanted)) return { client, request: { ...wanted, redirectUri } };

  const { reason, error, description } = wanted;
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
  const state = parameters.getRaw('state');
  return redirect(
    redirectTo({ redirectUri, rawState: state }, wire.renderError(error, description, publicUrl)),
    302,
  );
};

type Wanted = ReturnType<AuthorizationWire['parse']>;

/**
 * Simulated owners prove nothing and a public client proves nothing: together anybody could fill the store with grants,
 * and hold tokens that introspection calls active. Between them stands a client's secret, or a demo.
 */
const refuseStrangers = ({ isDemo }: ConnectContext, { type }: Client, wanted: Wanted): Wanted =>
  'error' in wanted || !wanted.isSimulated || isDemo || type !== 'public'
    ? wanted
    : {
        reason: 'client_not_permitted',
        error: 'unauthorized_client',
        description: 'mode must be live for a client without a secret.',
      };

const readClient = async (
  { store, noticeKey }: ConnectContext,
  { name, authorization: { clientIdName } }: Dialect,
  parameters: QueryParameters,
): Promise<Client> => {
  const clientId = parameters.get(clientIdName);
  if (clientId === undefined || parameters.repeated.has(clientIdName)) throw new Refusal('client_unknown');
  const { client, newestKeyNumber } = await store.readClient(clientId);
  // Whatever is sealed or opened from here on is so with the newest key.
  noticeKey(newestKeyNumber);
  if (client === undefined) throw new Refusal('client_unknown');
  if (client.dialect !== name) throw new Refusal('client_of_other_dialect');
  if (client.disabledAt !== undefined) throw new Refusal('client_disabled');
  return client;
};

const readRedirectUri = (
  { redirectUriName, isRedirectUriOptional }: AuthorizationWire,
  parameters: QueryParameters,
  { redirectUris }: Client,
): string => {
  if (parameters.repeated.has(redirectUriName)) throw new Refusal('redirect_uri_unregistered');
  const named = parameters.get(redirectUriName);
  const [only, ...others] = redirectUris;
  if (named === undefined && isRedirectUriOptional && only !== undefined && others.length === 0) return only;
  if (named === undefined) throw new Refusal('redirect_uri_missing');
  if (!isRegisteredRedirect(redirectUris, named)) throw new Refusal('redirect_uri_unregistered');
  return named;
};
