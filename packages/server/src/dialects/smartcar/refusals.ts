import { invalidRequest, oauthRefusals } from '../oauth/refusals.ts';
import type { OAuthAnswer } from '../oauth/refusals.ts';
import type { RefusalTable } from '../refusal-table.ts';

/** The errors of OAuth 2.0, with the vendor's own texts where they are known. */
export const smartcarRefusals: RefusalTable<OAuthAnswer> = {
  ...oauthRefusals,
  path_unknown: invalidRequest('No such endpoint. Tokens are refreshed by POST /oauth/token.', 404),
  method_not_allowed: {
    ...oauthRefusals.method_not_allowed,
    description: 'This endpoint takes POST only.',
  },
  grant_type_unsupported: {
    ...oauthRefusals.grant_type_unsupported,
    description: 'grant_type must be refresh_token, authorization_code or client_credentials.',
  },
  refresh_token_malformed: invalidRequest(
    'Invalid refresh_token: it does not have the form of a refresh token.',
  ),
  code_malformed: invalidRequest('Invalid code: it does not have the form of an authorization code.'),
  code_redirect_wrong: { ...oauthRefusals.code_redirect_wrong, description: 'Unauthorized redirect_uri.' },
};
