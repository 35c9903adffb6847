import type { Exchange } from '../../wire/exchange.ts';
import type { SandboxFacts, SandboxPlace } from '../sandbox-facts.ts';
import { OAUTH_ERROR_FORM } from './error-form.ts';
import type { ErrorForm } from './error-form.ts';

/** How the variables of a program begin: `PING_` for the dialect `ping`. */
const prefixOf = (dialect: string): string => dialect.toUpperCase().replaceAll('-', '_');

/** The variables of code that reads where a token endpoint is, and its client. */
export const tokenVariables =
  (dialect: string, tokenPath: string) =>
  ({ url, client }: SandboxPlace): Readonly<Record<string, string>> => {
    const prefix = prefixOf(dialect);
    return {
      [`${prefix}_TOKEN_URL`]: `${url}${tokenPath}`,
      [`${prefix}_CLIENT_ID`]: client.clientId,
      // A public client has none.
      ...(client.clientSecret === '' ? {} : { [`${prefix}_CLIENT_SECRET`]: client.clientSecret }),
    };
  };

/** The tokens of an answer of RFC 6749 §5.1. */
export const readOAuthTokens: SandboxFacts['readTokens'] = (answer) => {
  const { access_token: accessToken, refresh_token: refreshToken } = answer as Readonly<
    Record<string, string | undefined>
  >;
  return { accessToken, refreshToken };
};

/** Writes an error with these headers, as RFC 6749 §5.2 does or in another form. */
export const writeOAuthError =
  (
    headersOf: (exchange: Exchange) => Readonly<Record<string, string>>,
    form: ErrorForm = OAUTH_ERROR_FORM,
  ): SandboxFacts['renderError'] =>
  ({ error, description }, exchange) => ({
    headers: headersOf(exchange),
    body: JSON.stringify(form.write({ error: form.codes?.[error] ?? error, description }, exchange)),
  });
