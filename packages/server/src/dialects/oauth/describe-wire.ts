import type { JsonSchema, RefusalFormat, WireDescription } from '../../wire/route-description.ts';
import { Refusal, REFUSAL_REASONS } from '../../errors.ts';
import { ownErrorsOf } from '../describe-tokens.ts';
import type { Dialect } from '../dialect.ts';
import { OAUTH_RULES } from './authorize.ts';
import { OAUTH_ERROR_FORM } from './error-form.ts';
import type { WireDifferences } from './wire-differences.ts';
import { describeAuthorization } from './describe-authorization.ts';
import { describeTokenEndpoint, tokensSchema } from './describe-tokens.ts';
import type { OAuthAnswer } from './refusals.ts';

const REFRESH_TOKEN = { type: 'string', pattern: '^[A-Za-z0-9_-]{40}$' };

/** How the schemas of a dialect begin: `AzureB2c` for `azure-b2c`. */
const schemaNameOf = (dialect: string): string =>
  dialect.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Describes the endpoints of a wire that is RFC 6749 with differences. */
export const describeWire =
  (
    {
      name,
      title,
      purpose,
      authorizationRules,
      members,
      chosenRefusals,
      errorForm = OAUTH_ERROR_FORM,
    }: WireDifferences,
    {
      refusals,
      renderChoices,
    }: {
      readonly refusals: Readonly<Record<string, OAuthAnswer>>;
      readonly renderChoices: NonNullable<RefusalFormat['renderChoices']>;
    },
  ) =>
  (dialect: Dialect): WireDescription => {
    const { authorization, tokenEndpoints } = dialect;
    const prefix = schemaNameOf(name);
    const format: RefusalFormat = {
      schema: `${prefix}Error`,
      render: (refusal, exchange) => dialect.renderRefusal(refusal, undefined, exchange),
      ...(chosenRefusals === undefined ? {} : { renderChoices }),
      read: errorForm.read,
    };
    const chosen = REFUSAL_REASONS.flatMap((reason) => chosenRefusals?.choicesOf(new Refusal(reason)) ?? []);
    const own = Object.values(tokenEndpoints).flatMap(ownErrorsOf);
    const answers = [...Object.values(refusals), ...chosen, ...own];
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
        [format.schema]: errorForm.schemaOf([...new Set(answers.map(({ error }) => error))]),
        [schema]: orEmpty(withMembers(tokens, members?.schemas ?? {}), endpoint?.ending !== undefined),
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

/** A schema for an answer that has no members where nothing was issued. */
const orEmpty = (schema: JsonSchema, mayBeEmpty: boolean): JsonSchema =>
  mayBeEmpty ? { anyOf: [schema, { type: 'object', maxProperties: 0 }] } : schema;

/** A schema of an object with further members that it may have. */
const withMembers = (schema: JsonSchema, members: Readonly<Record<string, JsonSchema>>): JsonSchema => ({
  ...schema,
  properties: { ...(schema['properties'] as object), ...members },
});
