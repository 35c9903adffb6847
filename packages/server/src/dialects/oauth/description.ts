import type { WireDescription } from '../../wire/route-description.ts';
import type { Dialect } from '../dialect.ts';
import { renderOAuthRefusal } from './answers.ts';
import { OAUTH_RULES } from './authorize.ts';
import { describeAuthorization } from './describe-authorization.ts';
import { describeTokenEndpoint, oauthErrorSchema, oauthFormat, tokensSchema } from './describe-tokens.ts';

/** The format of refusals at every endpoint of the RFCs. */
export const OAUTH_FORMAT = oauthFormat('OAuthError', (refusal, exchange) =>
  renderOAuthRefusal(refusal, { exchange }),
);

const REFRESH_TOKEN = { type: 'string', pattern: '^[A-Za-z0-9_-]{40}$' };

/** The endpoints of plain OAuth 2.0. */
export const describeOAuth = (dialect: Dialect): WireDescription => {
  const { title, authorization, tokenEndpoints } = dialect;
  const about = (isShared: boolean) => ({
    summary: isShared ? 'Issues tokens to clients themselves' : 'Issues tokens',
    schema: isShared ? 'ClientTokens' : 'OAuthTokens',
    format: OAUTH_FORMAT,
  });
  const endpoints = Object.entries(tokenEndpoints).map(([path, endpoint]) => ({
    route: `POST ${path}`,
    endpoint,
    ...about(endpoint.isShared === true),
  }));
  return {
    title,
    purpose: 'OAuth 2.0 as the RFCs have it (RFC 6749, RFC 9700).',
    schemas: {
      [OAUTH_FORMAT.schema]: oauthErrorSchema(Object.values(tokenEndpoints)),
      ...Object.fromEntries(
        endpoints.map(({ schema, endpoint }) => [schema, tokensSchema(endpoint, REFRESH_TOKEN)]),
      ),
    },
    routes: {
      [`GET ${authorization.path}`]: describeAuthorization(authorization, OAUTH_RULES),
      ...Object.fromEntries(
        endpoints.map(({ route, endpoint, ...words }) => [
          route,
          describeTokenEndpoint(dialect, endpoint, words),
        ]),
      ),
    },
  };
};
