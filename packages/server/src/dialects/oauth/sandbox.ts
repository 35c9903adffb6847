import type { Exchange } from '../../wire/exchange.ts';
import type { SandboxFacts, SandboxPlace } from '../sandbox-facts.ts';

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
      [`${prefix}_CLIENT_SECRET`]: client.clientSecret,
    };
  };

/** Writes an error as RFC 6749 §5.2 does, with these headers. */
export const writeOAuthError =
  (headersOf: (exchange: Exchange) => Readonly<Record<string, string>>): SandboxFacts['renderError'] =>
  ({ error, description }, exchange) => ({
    headers: headersOf(exchange),
    body: JSON.stringify({ error, error_description: description }),
  });
