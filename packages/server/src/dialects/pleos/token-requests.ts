import type { WireRequest } from '../../wire/exchange.ts';
import { readIdempotencyKey } from '../../wire/headers.ts';
import type { TokenEndpoint, TokenRequest } from '../dialect.ts';
import { PERSONAL_GRANT } from '../../grant-types/personal-grant.ts';
import { BODY_FIELDS, parseFields } from './fields.ts';

const METHODS = ['client_secret_json'] as const;
const [METHOD] = METHODS;

/** Reads `POST /v1/auth/token-refresh`. Throws a `Refusal`. */
const parseRefresh = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, BODY_FIELDS['/v1/auth/token-refresh']);
  const { clientId, clientSecret, refreshToken } = fields;
  const idempotencyKey = readIdempotencyKey(request);
  return {
    credentials: [{ method: METHOD, clientId, clientSecret }],
    grantType: 'refresh_token',
    parameters: new Map([['refresh_token', refreshToken]]),
    brand,
    idempotencyKey,
  };
};

/** Reads `POST /v1/auth/token`. Throws a `Refusal`. */
const parseCode = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, BODY_FIELDS['/v1/auth/token']);
  const { clientId, clientSecret, code, redirectUrl } = fields;
  const idempotencyKey = readIdempotencyKey(request);
  return {
    credentials: [{ method: METHOD, clientId, clientSecret }],
    grantType: 'authorization_code',
    parameters: new Map([
      ['code', code],
      ['redirect_uri', redirectUrl],
    ]),
    brand,
    idempotencyKey,
  };
};

/**
 * Reads `POST /v1/auth/personal-token`, which no page documents: community clients of private users send it. Throws a
 * `Refusal`.
 */
const parsePersonal = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, BODY_FIELDS['/v1/auth/personal-token']);
  const { clientId, clientSecret } = fields;
  return {
    credentials: [{ method: METHOD, clientId, clientSecret }],
    grantType: PERSONAL_GRANT,
    parameters: new Map(),
    brand,
    idempotencyKey: undefined,
  };
};

/** One path per grant type. */
export const tokenEndpoints: Readonly<Record<string, TokenEndpoint>> = {
  '/v1/auth/token-refresh': {
    methods: METHODS,
    serves: (grantType) => grantType === 'refresh_token',
    parse: parseRefresh,
  },
  '/v1/auth/token': {
    methods: METHODS,
    serves: (grantType) => grantType === 'authorization_code',
    parse: parseCode,
  },
  '/v1/auth/personal-token': {
    methods: METHODS,
    serves: (grantType) => grantType === PERSONAL_GRANT,
    parse: parsePersonal,
  },
};
