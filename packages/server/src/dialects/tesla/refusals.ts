import { reasonsOf } from '../../errors.ts';
import type { RefusalReason } from '../../errors.ts';
import type { OAuthAnswer } from '../oauth/refusals.ts';

/** teslamotors/vehicle-command#132. The challenge is ours: HTTP wants one with 401. */
const LOGIN_REQUIRED: OAuthAnswer = {
  status: 401,
  error: 'login_required',
  description: 'Login required',
  headers: { 'WWW-Authenticate': 'Bearer realm="oauth"' },
};

/** The vendor documents the name; status and text are ours. */
const DEAD_CODE: OAuthAnswer = {
  status: 400,
  error: 'invalid_auth_code',
  description: 'The authorization code is invalid or has expired.',
};

/** The errors that are known. Every other text is that of plain OAuth 2.0, and ours. */
export const teslaRefusals: Partial<Readonly<Record<RefusalReason, OAuthAnswer>>> = {
  ...Object.fromEntries(reasonsOf('dead_token').map((reason) => [reason, LOGIN_REQUIRED])),
  ...Object.fromEntries(reasonsOf('dead_code').map((reason) => [reason, DEAD_CODE])),
};
