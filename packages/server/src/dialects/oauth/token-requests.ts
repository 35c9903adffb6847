import { readClientForm } from '../../wire/client-form.ts';
import type { WireRequest } from '../../wire/exchange.ts';
import { readIdempotencyKey } from '../../wire/headers.ts';
import type { TokenEndpoint, TokenRequest } from '../dialect.ts';

/** A token endpoint that reads a form, or JSON, with the names of the RFCs. @see RFC 6749 §3.2 */
export const createTokenEndpoint = (about: Omit<TokenEndpoint, 'parse'>): TokenEndpoint => ({
  bindsTokens: true,
  ...about,
  parse(request: WireRequest): TokenRequest {
    const { form, credentials } = readClientForm(request, about.methods, about.bodies);
    const idempotencyKey = readIdempotencyKey(request);
    const grantType = form.get('grant_type');
    return { credentials, grantType, parameters: form, brand: undefined, idempotencyKey };
  },
});
