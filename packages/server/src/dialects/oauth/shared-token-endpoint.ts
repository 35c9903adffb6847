import { readClientForm } from '../../wire/client-form.ts';
import type { TokenEndpoint } from '../dialect.ts';

const METHODS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

/**
 * `POST /oauth2/token`: the shared RFC endpoint, where clients of every dialect get tokens for themselves. Such tokens
 * are not stored, so an `Idempotency-Key` is ignored.
 *
 * @see RFC 6749 §4.4
 */
export const sharedTokenEndpoints: Readonly<Record<string, TokenEndpoint>> = {
  '/oauth2/token': {
    methods: METHODS,
    serves: (grantType) => grantType === 'client_credentials',
    isShared: true,
    bindsTokens: true,
    parse(request) {
      const { form, credentials } = readClientForm(request, METHODS);
      const grantType = form.get('grant_type');
      return { credentials, grantType, parameters: form, brand: undefined, idempotencyKey: undefined };
    },
  },
};
