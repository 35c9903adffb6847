import { destination, pino } from 'pino';
import type { Level, LevelWithSilent } from 'pino';
import type { Emit, LogEvent } from '../log-event.ts';

/** How loud each grant event is. What happens at every refresh is for debugging; what an operator should know is not. */
const LEVELS: Readonly<Record<LogEvent['event'], Level>> = {
  'server.listening': 'info',
  'server.stopping': 'info',
  'refresh.rotated': 'debug',
  'refresh.repeated': 'debug',
  'refresh.resynced': 'warn',
  'refresh.refused': 'info',
  'refresh.replayed': 'warn',
  'code.redeemed': 'info',
  'code.repeated': 'info',
  'code.replayed': 'warn',
  'code.refused': 'info',
  'vehicles.disconnected': 'info',
  'owner.signed_in': 'info',
  'sign_in.failed': 'warn',
  'consent.given': 'info',
  'consent.declined': 'info',
  'vehicle_source.unavailable': 'error',
  'client_token.issued': 'debug',
  'grant.revoked': 'warn',
  'client.refused': 'info',
  'client.throttled': 'warn',
  'request.refused': 'info',
  'keys.reloaded': 'info',
  'keys.missing': 'error',
  'webhook.delivered': 'info',
  'webhook.failed': 'warn',
  'webhook.given_up': 'error',
  'webhook.disabled': 'error',
  'webhook.stalled': 'error',
  'live_events.unavailable': 'warn',
  'store.unavailable': 'error',
  'internal.error': 'error',
};

/** How loud an event is; `undefined` for one that is no event of a server. */
export const levelOf = (event: string): Level | undefined =>
  Object.hasOwn(LEVELS, event) ? LEVELS[event as LogEvent['event']] : undefined;

/** Writes grant events to standard error, one JSON line each. */
export const createLog = (level: LevelWithSilent): Emit => {
  const target = destination({ fd: 2, sync: true });
  // A log that cannot be written must not end the server: what it would have said is lost, and nothing else.
  target.on('error', () => {});
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return (event) => log[LEVELS[event.event]](event);
};
