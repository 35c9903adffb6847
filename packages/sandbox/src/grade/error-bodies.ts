import type { GradedDialect } from './spans.ts';

/** Errors that a scenario answers itself, in the form of each vendor. */
export type ErrorName = 'dead' | 'rate_limited' | 'switched_off';

const OAUTH_ERRORS: Readonly<Record<ErrorName, readonly [error: string, description: string]>> = {
  dead: ['invalid_grant', 'Invalid or expired refresh token.'],
  rate_limited: ['temporarily_unavailable', 'Too many requests.'],
  switched_off: ['unauthorized_client', 'This client may not use the grant type refresh_token.'],
};

const PLEOS_ERRORS: Readonly<Record<ErrorName, readonly [code: string, message: string]>> = {
  dead: ['4002', 'Invalid request parameters'],
  rate_limited: ['5001', 'Internal Server Error'],
  switched_off: ['403', 'Forbidden'],
};

/** The body of an error in the form of a dialect, as JSON. */
export const errorBody = (dialect: GradedDialect, name: ErrorName): string => {
  if (dialect === 'smartcar') {
    const [error, description] = OAUTH_ERRORS[name];
    return JSON.stringify({ error, error_description: description });
  }
  const [code, message] = PLEOS_ERRORS[name];
  // Only the details tell a dead token from other wrong parameters.
  const details =
    name === 'dead' ? [{ field: 'refreshToken', message: 'is invalid, expired or already used' }] : [];
  const timestamp = '2026-01-01T00:00:00Z';
  const requestId = '00000000-0000-4000-8000-000000000000';
  return JSON.stringify({ error: { code, message, details, timestamp, requestId } });
};
