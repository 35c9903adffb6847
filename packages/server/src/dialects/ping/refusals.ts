import { oauthRefusals } from '../oauth/refusals.ts';
import type { OAuthAnswer } from '../oauth/refusals.ts';
import { reasonsOf } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';

/** The product's own sentence: evcc-io/evcc#21920, oauth2-proxy/oauth2-proxy#3485. */
const DEAD_TOKEN: OAuthAnswer = {
  status: 400,
  error: 'invalid_grant',
  description: 'unknown, invalid, or expired refresh token',
};

/** The errors that are known. Every other text is that of plain OAuth 2.0, and ours. */
export const pingRefusals: Partial<Readonly<Record<RefusalReason, OAuthAnswer>>> = {
  ...Object.fromEntries(reasonsOf('dead_token').map((reason) => [reason, DEAD_TOKEN])),
  path_unknown: {
    ...oauthRefusals.path_unknown,
    description: 'No such endpoint. Tokens are refreshed by POST /as/token.oauth2.',
  },
};
