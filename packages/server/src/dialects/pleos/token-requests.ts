import { Refusal } from '../../errors.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import { readIdempotencyKey } from '../../wire/headers.ts';
import type { TokenRequest } from '../dialect.ts';
import { parseFields } from './fields.ts';
import { pleosShapes } from './shapes.ts';

/** Reads `POST /v1/auth/token-refresh`. Throws a `Refusal`. */
export const parseRefresh = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, ['clientId', 'clientSecret', 'refreshToken']);
  const { clientId, clientSecret, refreshToken } = fields;
  const idempotencyKey = readIdempotencyKey(request);
  return {
    credentials: [{ method: 'client_secret_post', clientId, clientSecret }],
    brand,
    idempotencyKey,
    grant: { type: 'refresh_token', refreshToken },
  };
};

/** Reads `POST /v1/auth/token`. Throws a `Refusal`. */
export const parseCode = (request: WireRequest): TokenRequest => {
  const { fields, brand } = parseFields(request, ['clientId', 'clientSecret', 'code', 'redirectUrl']);
  const { clientId, clientSecret, code, redirectUrl } = fields;
  if (pleosShapes.code.read(code) === 'malformed') throw new Refusal('code_malformed');
  const idempotencyKey = readIdempotencyKey(request);
  return {
    credentials: [{ method: 'client_secret_post', clientId, clientSecret }],
    brand,
    idempotencyKey,
    grant: { type: 'authorization_code', code, redirectUri: redirectUrl, codeVerifier: undefined },
  };
};
