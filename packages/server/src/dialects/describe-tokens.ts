import type { OAuthError, RefusalReason } from '../errors.ts';
import type { Parameter, TokenResponse } from '../grant-types/grant-type.ts';
import { grantTypesOf } from '../grant-types/grant-types.ts';
import type { Shape } from '../tokens/shape.ts';
import { BLOCK_BYTES } from '../tokens/sealer.ts';
import { IDEMPOTENCY_KEY } from '../wire/headers.ts';
import {
  BINDING_REASONS,
  BODY_REASONS,
  CLIENT_AUTHENTICATION_REASONS,
  EDGE_REASONS,
  PROOF_PARAMETER,
  SAMPLE_EXCHANGE,
  SAMPLE_NONCE,
  TEXT_NOT_EMPTY,
} from '../wire/route-description.ts';
import type { DescribedAnswer, DescribedParameter } from '../wire/route-description.ts';
import type { Dialect, TokenEndpoint } from './dialect.ts';

/**
 * Why a token endpoint refuses, whatever its wire: the client, or what its grant types ask for. `reads` says which
 * parameters of the grant types its wire has.
 */
export const tokenReasonsOf = (
  endpoint: TokenEndpoint,
  reads: (parameter: string) => boolean = () => true,
): readonly RefusalReason[] => [
  ...EDGE_REASONS,
  ...BODY_REASONS,
  ...CLIENT_AUTHENTICATION_REASONS,
  'client_not_permitted',
  ...(endpoint.isShared === true ? [] : (['user_agent_missing'] as const)),
  ...(endpoint.bindsTokens === true ? BINDING_REASONS : []),
  ...(readsIdempotencyKey(endpoint) ? (['idempotency_key_malformed'] as const) : []),
  ...(endpoint.ending === undefined ? [] : (['parameter_missing', 'access_token_dead'] as const)),
  ...[...grantTypesOf(endpoint).values()].flatMap(({ parameters, description }) => [
    ...parameters.filter(({ name }) => reads(name)).flatMap(reasonsOfParameter),
    ...description.refusals,
  ]),
];

/** What the grant types of an endpoint say in errors of their own. */
export const ownErrorsOf = (endpoint: TokenEndpoint): readonly OAuthError[] =>
  [...grantTypesOf(endpoint).values()].flatMap(({ description }) => description.ownErrors ?? []);

const reasonsOfParameter = ({ missing, form, refusals = [] }: Parameter): readonly RefusalReason[] => [
  ...(missing === undefined ? [] : [missing]),
  ...(form === undefined ? [] : [form.otherwise]),
  ...refusals,
];

/** Where nothing is used up, a retry needs no key. */
const readsIdempotencyKey = (endpoint: TokenEndpoint): boolean => refreshTokensOf(endpoint) !== 'never';

/** The headers that a token endpoint reads besides those of its media type and its client. */
export const tokenHeadersOf = (dialect: Dialect, endpoint: TokenEndpoint): readonly DescribedParameter[] => {
  const idempotencyKey: DescribedParameter = {
    in: 'header',
    name: 'Idempotency-Key',
    isRequired: false,
    purpose:
      'A retry with the same key as the first use gets the same tokens, also where nothing else may be repeated.',
    schema: { type: 'string', pattern: IDEMPOTENCY_KEY.source },
  };
  const userAgent: DescribedParameter = {
    in: 'header',
    name: 'User-Agent',
    isRequired: true,
    purpose: 'The name of the client program.',
    schema: TEXT_NOT_EMPTY,
  };
  return [
    ...(readsIdempotencyKey(endpoint) ? [idempotencyKey] : []),
    ...(endpoint.bindsTokens === true ? [PROOF_PARAMETER] : []),
    ...(endpoint.isShared !== true && dialect.defaultPolicy.requireUserAgent ? [userAgent] : []),
  ];
};

/** Whether every grant type of an endpoint gives a refresh token, or none does. */
export const refreshTokensOf = (endpoint: TokenEndpoint): 'always' | 'sometimes' | 'never' => {
  if (endpoint.omitsKeptRefreshToken === true) return 'sometimes';
  const given = [...grantTypesOf(endpoint).values()].map(({ description }) => description.givesRefreshToken);
  if (given.every(Boolean)) return 'always';
  return given.some(Boolean) ? 'sometimes' : 'never';
};

/** The successful answer of a token endpoint, with a sample as the dialect writes it. */
export const tokenAnswerOf = (dialect: Dialect, endpoint: TokenEndpoint, schema: string): DescribedAnswer => {
  const { shapes, defaultPolicy } = dialect;
  const tokens: TokenResponse = {
    accessToken: sampleOf(shapes.accessToken, 1),
    expiresInSeconds: defaultPolicy.accessTokenLifetimeSeconds,
    ...(refreshTokensOf(endpoint) !== 'never' && {
      refreshToken: sampleOf(shapes.refreshToken, 2),
      refreshExpiresInSeconds: defaultPolicy.refreshTokenLifetimeSeconds,
    }),
  };
  const sample = dialect.renderAnswer(tokens, defaultPolicy, SAMPLE_EXCHANGE);
  const nonce = endpoint.bindsTokens === true ? SAMPLE_NONCE : {};
  return {
    summary: 'The tokens.',
    mediaType: 'application/json',
    schema,
    sample: { ...sample, headers: { ...sample.headers, ...nonce } },
  };
};

/** What follows a refresh token that is bound to a key: the thumbprint, and a MAC. */
export const BOUND_REFRESH_TOKEN = { type: 'string', pattern: '^[^~]+~k[A-Za-z0-9_-]{67}$' };

/** A text of a shape that stands for nothing. The same `number` gives the same text. */
const sampleOf = (shape: Shape, number: number): string => {
  const sealed = Array.from(
    { length: BLOCK_BYTES + shape.macBytes },
    (_, at) => (at * 73 + number * 41) % 256,
  );
  return shape.write(Buffer.from(sealed)) + 'x'.repeat(shape.tail?.maxCharacters ?? 0);
};
