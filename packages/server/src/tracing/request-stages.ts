import type { LogEvent } from '../log-event.ts';

/** How far a request came: as far as this part of the server, which decided its answer. */
export type Stage = 'request' | 'authentication' | 'grant' | 'sign_in' | 'consent' | 'store' | 'bug';

/** What an event says about its request. Events of no request, and those that decide nothing, are not here. */
export const STAGES: { readonly [Name in LogEvent['event']]?: Stage } = {
  'request.refused': 'request',
  'client.refused': 'authentication',
  'client.throttled': 'authentication',
  'refresh.rotated': 'grant',
  'refresh.repeated': 'grant',
  'refresh.resynced': 'grant',
  'refresh.refused': 'grant',
  'refresh.replayed': 'grant',
  'code.redeemed': 'grant',
  'code.repeated': 'grant',
  'code.replayed': 'grant',
  'code.refused': 'grant',
  'revocation.refused': 'grant',
  'client_token.issued': 'grant',
  'personal_token.issued': 'grant',
  'owner.signed_in': 'sign_in',
  'owner.signed_out': 'sign_in',
  'sign_in.failed': 'sign_in',
  'consent.given': 'consent',
  'consent.declined': 'consent',
  'store.unavailable': 'store',
  'internal.error': 'bug',
};

/** The verdict that an event reports: `rotated` for `refresh.rotated`. */
export const verdictOf = (name: LogEvent['event']): string => name.slice(name.indexOf('.') + 1);
