import type { AuthenticationMethod } from '../../clients/credentials.ts';
import { Refusal } from '../../errors.ts';
import type { Shape } from '../../tokens/shape.ts';
import { readClientCredentials } from '../../wire/client-credentials.ts';
import { readForm } from '../../wire/form.ts';
import { readIdempotencyKey, readMediaType } from '../../wire/headers.ts';
import type { ParseTokenRequest, TokenRequest } from '../dialect.ts';

/** What dialects of OAuth 2.0 decide about a token request. */
type Rules = {
  readonly methods: readonly AuthenticationMethod[];
  readonly codeShape: Shape;
  /** Whether an exchange must name the redirect URI even if only one is registered. */
  readonly requiresRedirectUri: boolean;
};

/** Reads a token request in a form (RFC 6749 §4.1.3 and §6). */
export const createTokenRequestParser =
  (rules: Rules): ParseTokenRequest =>
  (request) => {
    if (readMediaType(request) !== 'application/x-www-form-urlencoded')
      throw new Refusal('content_type_wrong');
    const form = readForm(request.body);
    const credentials = readClientCredentials(request, form, rules.methods);
    const idempotencyKey = readIdempotencyKey(request);
    return { credentials, brand: undefined, idempotencyKey, grant: parseGrant(form, rules) };
  };

const parseGrant = (
  form: ReadonlyMap<string, string>,
  { codeShape, requiresRedirectUri }: Rules,
): TokenRequest['grant'] => {
  switch (form.get('grant_type')) {
    case undefined:
      throw new Refusal('grant_type_missing');
    case 'refresh_token': {
      const refreshToken = form.get('refresh_token');
      if (refreshToken === undefined) throw new Refusal('refresh_token_missing');
      return { type: 'refresh_token', refreshToken };
    }
    case 'authorization_code': {
      const code = form.get('code');
      if (code === undefined) throw new Refusal('code_missing');
      if (codeShape.read(code) === 'malformed') throw new Refusal('code_malformed');
      const redirectUri = form.get('redirect_uri');
      if (redirectUri === undefined && requiresRedirectUri) throw new Refusal('redirect_uri_missing');
      return { type: 'authorization_code', code, redirectUri, codeVerifier: form.get('code_verifier') };
    }
    default:
      throw new Refusal('grant_type_unsupported');
  }
};
