import { DIALECTS } from '../dialects/dialects.ts';
import { introspect } from '../operations/introspect-token.ts';
import type { TokenTypeHint } from '../operations/introspect-token.ts';
import { authenticateForm, readToken } from './authenticate-form.ts';
import { answerClient } from '../dialects/oauth/answers.ts';
import type { Route } from '../wire/route.ts';
import type { EndpointContext } from './context.ts';

const SHAPES = Object.values(DIALECTS).map(({ name, shapes }) => ({ dialect: name, ...shapes }));

/** How clients authenticate here. */
export const INTROSPECTION_METHODS = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const;

/**
 * `POST /oauth/introspect`: whether a token works, and what it allows.
 *
 * @see RFC 7662 §2
 */
export const createIntrospection =
  (context: EndpointContext): Route =>
  async (visit) => {
    const { form, client } = await authenticateForm(context, visit, INTROSPECTION_METHODS);
    const token = readToken(form);
    const hint = readHint(form.get('token_type_hint'));
    const found = await introspect(context, { token, hint, client, shapes: SHAPES });
    return answerClient(found === undefined ? { active: false } : { active: true, ...found }, visit.exchange);
  };

/** Unknown hints are ignored (RFC 7662 §2.1). */
const readHint = (text: string | undefined): TokenTypeHint | undefined =>
  text === 'access_token' || text === 'refresh_token' ? text : undefined;
