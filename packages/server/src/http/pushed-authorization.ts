import type { Client } from '../clients/client.ts';
import { isFapi2 } from '../clients/security-profile.ts';
import { checkAuthorizationRequest, checkRedirectUri } from '../dialects/check-authorization-request.ts';
import type { RequestRules } from '../dialects/check-authorization-request.ts';
import { answerClient } from '../dialects/oauth/answers.ts';
import { dialectOf } from '../dialects/dialects.ts';
import { sentProofOf } from '../dialects/sent-proof.ts';
import { Refusal } from '../errors.ts';
import { nonceHeader, provePusher, refuseOldNonce } from '../grants/prove-sender.ts';
import { REQUEST_URI_LIFETIME_SECONDS, sealPushedRequest } from '../operations/pushed-request.ts';
import type { Binding } from '../tokens/binding.ts';
import { readParameters } from '../wire/query.ts';
import type { Route } from '../wire/route.ts';
import { authenticateForm } from './authenticate-form.ts';
import type { EndpointContext } from './context.ts';

/** How clients authenticate here: as at the token endpoint (RFC 9126 §2). */
export const PUSH_METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'] as const;

/** What authenticates the client, and is no part of the request. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  'client_secret',
  'client_assertion',
  'client_assertion_type',
]);

/**
 * `POST /oauth/par`: a client sends its authorization request before the owner comes, and gets a URI that stands for it. The request is
 * checked as it will be again when the owner comes. Nothing is stored.
 *
 * @see RFC 9126 §2
 */
export const createPushedAuthorization =
  (context: EndpointContext, rules: Omit<RequestRules, 'publicUrl' | 'clock'>): Route =>
  async (visit) => {
    const sent = sentProofOf(visit.request, context.issuer);
    const { form, client } = await authenticateForm(context, visit, PUSH_METHODS, (known) =>
      refuseOldNonce(context, known, sent),
    );
    const parameters = new Map([...form].filter(([name]) => !CREDENTIALS.has(name)));
    parameters.set('client_id', client.id);
    checkRequest({ ...rules, publicUrl: context.issuer, clock: context.clock }, client, parameters);
    const proved = await provePusher(context, client, sent);
    if (proved !== undefined) bindCode(parameters, proved);
    const sealed = await sealPushedRequest(context, { clientId: client.id, parameters });
    if (sealed === 'too_long') throw new Refusal('request_too_long');
    const { exchange, caller } = visit;
    const { requestId } = exchange;
    const { id: clientId, dialect } = client;
    context.emit({ event: 'request.pushed', dialect, requestId, caller, clientId });
    const body = { request_uri: sealed.requestUri, expires_in: REQUEST_URI_LIFETIME_SECONDS };
    const answer = answerClient(body, exchange);
    const nonce = proved === undefined ? {} : nonceHeader(context, exchange.nowMs);
    return { ...answer, status: 201, headers: { ...answer.headers, ...nonce } };
  };

/** Binds the code of a request to a key, as the parameter does. Both must name the same one. @see RFC 9449 §10.1 */
const bindCode = (parameters: Map<string, string>, { thumbprint }: Binding): void => {
  if ((parameters.get(KEY_NAME) ?? thumbprint) !== thumbprint) throw new Refusal('proof_of_other_key');
  parameters.set(KEY_NAME, thumbprint);
};

const KEY_NAME = 'dpop_jkt';

/** Throws a `Refusal` with the error that the owner's visit would have ended in. @see RFC 9126 §2.3 */
const checkRequest = (rules: RequestRules, client: Client, sent: ReadonlyMap<string, string>): void => {
  const { authorization: wire } = dialectOf(client);
  // Another wire has other names for its parameters, and no request_uri.
  if (wire.clientIdName !== 'client_id') throw new Refusal('client_not_permitted');
  refuseOthers(sent);
  const parameters = readParameters(sent);
  const redirect = checkRedirectUri(wire, parameters, client);
  // FAPI 2.0 Security Profile §5.3.2.2-6.
  if (isFapi2(client.policy) && !redirect.isRedirectUriNamed) throw new Refusal('redirect_uri_missing');
  const checked = checkAuthorizationRequest(rules, wire, { client, redirect }, parameters);
  if (!('error' in checked)) return;
  const { reason, error, description } = checked;
  throw new Refusal(reason, [], { oauthError: { error, description } });
};

/** RFC 9126 §2.1, rule 2: a pushed request names no other. Requests as signed objects (RFC 9101) are not supported. */
const refuseOthers = (sent: ReadonlyMap<string, string>): void => {
  if (sent.has('request_uri')) throw refusalOf('invalid_request', 'request_uri');
  if (sent.has('request')) throw refusalOf('request_not_supported', 'request');
};

const refusalOf = (error: string, name: string): Refusal =>
  new Refusal('parameters_wrong', [], {
    oauthError: { error, description: `A pushed request must have no ${name}.` },
  });
