import { objectOf } from '../../wire/route-description.ts';
import type { JsonSchema, WireDescription } from '../../wire/route-description.ts';
import type { Dialect } from '../dialect.ts';
import { OAUTH_RULES } from './authorize.ts';
import type { WireDifferences } from './wire-differences.ts';
import { describeAuthorization } from './describe-authorization.ts';
import { describeTokenEndpoint, oauthFormat, tokensSchema } from './describe-tokens.ts';
import type { OAuthAnswer } from './refusals.ts';

const REFRESH_TOKEN = { type: 'string', pattern: '^[A-Za-z0-9_-]{40}$' };

/** How the schemas of a dialect begin: `AzureB2c` for `azure-b2c`. */
const schemaNameOf = (dialect: string): string =>
  dialect.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Describes the endpoints of a wire that is RFC 6749 with differences. */
export const describeWire =
  (
    { name, title, purpose, authorizationRules, members }: WireDifferences,
    refusals: Readonly<Record<string, OAuthAnswer>>,
  ) =>
  (dialect: Dialect): WireDescription => {
    const { authorization, tokenEndpoints } = dialect;
    const prefix = schemaNameOf(name);
    const format = oauthFormat(`${prefix}Error`, (refusal, exchange) =>
      dialect.renderRefusal(refusal, undefined, exchange),
    );
    const schema = `${prefix}Tokens`;
    const routes = Object.entries(tokenEndpoints).map(
      ([path, endpoint]) =>
        [
          `POST ${path}`,
          describeTokenEndpoint(dialect, endpoint, { summary: 'Issues tokens', schema, format }),
        ] as const,
    );
    const [endpoint] = Object.values(tokenEndpoints);
    const tokens = endpoint === undefined ? {} : tokensSchema(endpoint, REFRESH_TOKEN);
    return {
      title,
      purpose,
      schemas: {
        [format.schema]: objectOf({
          error: { enum: [...new Set(Object.values(refusals).map(({ error }) => error))] },
          error_description: { type: 'string', minLength: 1 },
        }),
        [schema]: withMembers(tokens, members?.schemas ?? {}),
      },
      routes: {
        [`GET ${authorization.path}`]: describeAuthorization(authorization, {
          ...OAUTH_RULES,
          ...authorizationRules,
        }),
        ...Object.fromEntries(routes),
      },
    };
  };

/** A schema of an object with further members that it may have. */
const withMembers = (schema: JsonSchema, members: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  ...schema,
  properties: { ...(schema['properties'] as object), ...members },
});
