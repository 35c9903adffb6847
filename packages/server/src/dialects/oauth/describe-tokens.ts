import type { RefusalReason } from '../../errors.ts';
import type { Parameter } from '../../grant-types/grant-type.ts';
import { grantTypesOf } from '../../grant-types/grant-types.ts';
import { MEDIA_TYPES } from '../../wire/client-form.ts';
import { isRepeatable } from '../../wire/repeatable.ts';
import {
  FORM_CREDENTIALS_REASONS,
  objectOf,
  SECONDS,
  TEXT,
  TEXT_NOT_EMPTY,
} from '../../wire/route-description.ts';
import type {
  DescribedBody,
  DescribedField,
  JsonSchema,
  RefusalFormat,
  RouteDescription,
} from '../../wire/route-description.ts';
import {
  BOUND_REFRESH_TOKEN,
  ownErrorsOf,
  refreshTokensOf,
  tokenAnswerOf,
  tokenHeadersOf,
  tokenReasonsOf,
} from '../describe-tokens.ts';
import type { Dialect, TokenEndpoint } from '../dialect.ts';
import { DETAILS_SCHEMA } from './describe-details.ts';
import { oauthRefusals } from './refusals.ts';

/** Of the authorization endpoint, for requests that are pushed (RFC 6749 §4.1.2.1, RFC 9101 §7.3). */
const PUSHED_ERRORS = ['unsupported_response_type', 'request_not_supported'];

/** An error of OAuth 2.0, or of the grant types of these endpoints. @see RFC 6749 §5.2 */
export const oauthErrorSchema = (endpoints: readonly TokenEndpoint[]): JsonSchema => {
  const codes = [...Object.values(oauthRefusals), ...endpoints.flatMap(ownErrorsOf)].map(
    ({ error }) => error,
  );
  return objectOf({
    error: { enum: [...new Set([...codes, ...PUSHED_ERRORS])] },
    error_description: {
      type: 'string',
      minLength: 1,
      description: 'For developers. It may be more precise.',
    },
  });
};

/** The format of the refusals of a dialect whose errors are those of OAuth 2.0, under the name of their schema. */
export const oauthFormat = (schema: string, render: RefusalFormat['render']): RefusalFormat => ({
  schema,
  render,
  read: (body) => {
    const { error, error_description: text } = body as { error: string; error_description: string };
    return { code: error, text };
  },
});

/** The answer of a token endpoint. `refreshToken` is the schema of its refresh tokens. @see RFC 6749 §5.1 */
export const tokensSchema = (endpoint: TokenEndpoint, refreshToken: JsonSchema): JsonSchema => {
  // RFC 9449 §5: that of a public client which sent a proof.
  const refresh = {
    refresh_token:
      endpoint.bindsTokens === true ? { anyOf: [refreshToken, BOUND_REFRESH_TOKEN] } : refreshToken,
  };
  const given = refreshTokensOf(endpoint);
  return objectOf(
    {
      access_token: TEXT_NOT_EMPTY,
      token_type: { enum: endpoint.bindsTokens === true ? ['Bearer', 'DPoP'] : ['Bearer'] },
      expires_in: SECONDS,
      ...(given === 'always' && refresh),
    },
    {
      ...(given === 'sometimes' && refresh),
      ...(given !== 'never' && {
        refresh_token_expires_in: { ...SECONDS, description: 'Sent to clients that opted in.' },
      }),
      scope: { type: 'string', description: 'Absent where it is the scope that was asked for.' },
      authorization_details: DETAILS_SCHEMA,
    },
  );
};

/** The client in a form, for methods that put it there. @see RFC 6749 §2.3.1 */
export const clientFieldsOf = (methods: TokenEndpoint['methods']): readonly DescribedField[] => {
  const id: DescribedField = {
    name: 'client_id',
    isRequired: false,
    purpose: 'The client, where it does not authenticate by HTTP Basic.',
    schema: TEXT,
  };
  const secret = { ...id, name: 'client_secret', purpose: 'The secret of that client.' };
  // RFC 7521 §4.2, RFC 7523 §2.2.
  const assertion = methods.includes('private_key_jwt')
    ? [
        {
          ...id,
          name: 'client_assertion_type',
          purpose: 'With an assertion: urn:ietf:params:oauth:client-assertion-type:jwt-bearer.',
        },
        {
          ...id,
          name: 'client_assertion',
          purpose: 'A JWT that a key of the client signed, for this server (RFC 7523).',
        },
      ]
    : [];
  if (methods.includes('client_secret_post')) return [id, secret, ...assertion];
  return methods.includes('none') || assertion.length > 0 ? [id, ...assertion] : [];
};

/** A token endpoint that reads a form with the names of the RFCs. */
export const describeTokenEndpoint = (
  dialect: Dialect,
  endpoint: TokenEndpoint,
  {
    summary,
    schema,
    format,
  }: { readonly summary: string; readonly schema: string; readonly format: RefusalFormat },
): RouteDescription => {
  const reasons: readonly RefusalReason[] = [
    ...tokenReasonsOf(endpoint),
    ...FORM_CREDENTIALS_REASONS,
    'grant_type_missing',
    'grant_type_unsupported',
  ];
  return {
    summary,
    authentication: endpoint.methods,
    parameters: tokenHeadersOf(dialect, endpoint),
    body: formOf(endpoint),
    answers: { 200: tokenAnswerOf(dialect, endpoint, schema) },
    refusals: { reasons, ownErrors: ownErrorsOf(endpoint), format },
  };
};

const formOf = (endpoint: TokenEndpoint): DescribedBody => {
  const kindOf = (grantType: string, fields: readonly DescribedField[]) => ({
    title: grantType,
    fields: [
      {
        name: 'grant_type',
        isRequired: true,
        purpose: 'The kind of request.',
        schema: { const: grantType },
      },
      ...fields,
      ...clientFieldsOf(endpoint.methods),
    ],
  });
  const { ending } = endpoint;
  const token: DescribedField = {
    name: ending?.tokenParameter ?? '',
    isRequired: true,
    purpose: 'An access token of the grant that ends.',
    schema: TEXT_NOT_EMPTY,
  };
  return {
    mediaTypes: (endpoint.bodies ?? ['form']).map((format) => MEDIA_TYPES[format]),
    kinds: [
      ...[...grantTypesOf(endpoint).values()].map(({ grantType, parameters }) =>
        kindOf(
          grantType,
          parameters.map((parameter) => fieldOf(parameter, endpoint)),
        ),
      ),
      ...(ending === undefined ? [] : [kindOf(ending.grantType, [token])]),
    ],
  };
};

const fieldOf = (
  { name, missing, purpose }: Parameter,
  { omittable = [] }: TokenEndpoint,
): DescribedField => {
  const isRequired = missing !== undefined && !omittable.includes(name);
  const schema = isRequired ? TEXT_NOT_EMPTY : TEXT;
  return { name, isRequired, purpose, schema: isRepeatable(name) ? { type: 'array', items: TEXT } : schema };
};
