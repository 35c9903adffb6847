import type { LogEvent } from '../exports/index.ts';

/** The numbers that log tools expect (those of Bunyan and pino). */
export const LEVEL_NUMBERS = { debug: 20, info: 30, warn: 40, error: 50, silent: Infinity } as const;
export type Level = Exclude<keyof typeof LEVEL_NUMBERS, 'silent'>;

/** The log level of each event. What happens at every refresh is for debugging; what an operator should know is not. */
export const LEVELS: Readonly<Record<LogEvent['event'], Level>> = {
  'server.listening': 'info',
  'server.stopping': 'info',
  'refresh.rotated': 'debug',
  'refresh.repeated': 'debug',
  'refresh.repeated_by_other': 'warn',
  'refresh.resynced': 'warn',
  'refresh.refused': 'info',
  'refresh.replayed': 'warn',
  'refresh.clock_fault': 'warn',
  'code.redeemed': 'info',
  'code.repeated': 'info',
  'code.replayed': 'warn',
  'code.refused': 'info',
  'device.requested': 'info',
  'device.code_wrong': 'info',
  'revocation.refused': 'warn',
  'vehicles.disconnected': 'info',
  'owner.signed_in': 'info',
  'owner.signed_out': 'info',
  'sign_in.failed': 'warn',
  'sign_in.entries_left_out': 'warn',
  'consent.given': 'info',
  'consent.declined': 'info',
  'vehicle_source.unavailable': 'error',
  'vehicle_source.entries_left_out': 'warn',
  'request.pushed': 'debug',
  'client_token.issued': 'debug',
  'personal_token.issued': 'debug',
  'grant.revoked': 'warn',
  'grant.reinstated': 'warn',
  'client.refused': 'info',
  'client.assertion_untyped': 'info',
  'client.keys_unavailable': 'warn',
  'client.throttled': 'warn',
  'request.refused': 'info',
  'owners.throttled': 'warn',
  'forwarding.ignored': 'warn',
  'connection.dropped': 'warn',
  'clock.jumped': 'warn',
  'clock.contradicted': 'error',
  'clock.skewed': 'warn',
  'clock.settled': 'info',
  'keys.reloaded': 'info',
  'keys.missing': 'error',
  'keys.compromised': 'warn',
  'keys.retired': 'info',
  'webhook.delivered': 'info',
  'webhook.failed': 'warn',
  'webhook.given_up': 'error',
  'webhook.disabled': 'error',
  'webhook.stalled': 'error',
  'live_events.unavailable': 'warn',
  'log.dropped': 'warn',
  'log.left_out': 'info',
  'store.unavailable': 'error',
  'internal.error': 'error',
};

/** The log level of an event; `undefined` for an unknown event. */
export const levelOf = (event: string): Level | undefined =>
  Object.hasOwn(LEVELS, event) ? LEVELS[event as LogEvent['event']] : undefined;
