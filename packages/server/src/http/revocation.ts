import { dialectOf } from '../dialects/dialects.ts';
import { revokeToken } from '../operations/revoke-token.ts';
import { authenticateForm, readToken } from './authenticate-form.ts';
import { answerClient } from '../dialects/oauth/answers.ts';
import type { Route } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

/** How clients authenticate here. */
export const REVOCATION_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'none',
] as const;

/**
 * `POST /oauth/revoke`: a client revokes a grant. The answer is the same whether there was anything to revoke.
 *
 * @see RFC 7009 §2
 */
export const createRevocation =
  (context: EndpointContext): Route =>
  async (visit) => {
    const { form, client } = await authenticateForm(context, visit, REVOCATION_METHODS);
    const token = readToken(form);
    const { exchange, caller } = visit;
    const { requestId } = exchange;
    const { shapes } = dialectOf(client);
    await revokeToken(context, { token, client, shapes, requestId, caller });
    return answerClient('', exchange);
  };
