import { SCOPE } from '../clients/policy.ts';
import { Refusal } from '../errors.ts';
import { issueClientToken } from '../grant-types/client-credentials.ts';
import { readClientForm } from './client-form.ts';
import { answerClient } from '../dialects/oauth/answers.ts';
import type { Route } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/**
 * `POST /oauth2/token`: a token for the client itself, at the path and in the form of Smartcar's newer model.
 *
 * @see RFC 6749 §4.4
 */
export const createClientCredentials =
  (context: EndpointContext & { readonly issuer: string }, name: string): Route =>
  async (visit) => {
    const { exchange, caller } = visit;
    const { form, client } = await readClientForm(context, visit, [
      'client_secret_basic',
      'client_secret_post',
    ]);
    const grantType = form.get('grant_type');
    if (grantType === undefined) throw new Refusal('grant_type_missing');
    if (grantType !== 'client_credentials') throw new Refusal('grant_type_unsupported');
    const scope = form.get('scope');
    if (scope !== undefined && !SCOPE.test(scope)) throw new Refusal('scope_unknown');
    const token = await issueClientToken(context, client, scope, exchange.nowMs);
    const { requestId } = exchange;
    context.emit({ event: 'client_token.issued', dialect: name, requestId, caller, clientId: client.id });
    // RFC 6749 §5.1: the scope is told where it is not what was asked for.
    const told = token.scope === (scope ?? '') ? {} : { scope: token.scope };
    const { accessToken, expiresInSeconds } = token;
    return answerClient(
      { access_token: accessToken, token_type: 'Bearer', expires_in: expiresInSeconds, ...told },
      exchange,
    );
  };
