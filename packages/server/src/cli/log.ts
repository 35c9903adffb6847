import { destination, pino } from 'pino';
import type { Level, LevelWithSilent } from 'pino';
import type { Emit, LogEvent } from '../exports/index.ts';

/** The log level of each event. What happens at every refresh is for debugging; what an operator should know is not. */
const LEVELS: Readonly<Record<LogEvent['event'], Level>> = {
  'server.listening': 'info',
  'server.stopping': 'info',
  'refresh.rotated': 'debug',
  'refresh.repeated': 'debug',
  'refresh.resynced': 'warn',
  'refresh.refused': 'info',
  'refresh.replayed': 'warn',
  'refresh.clock_fault': 'warn',
  'code.redeemed': 'info',
  'code.repeated': 'info',
  'code.replayed': 'warn',
  'code.refused': 'info',
  'vehicles.disconnected': 'info',
  'owner.signed_in': 'info',
  'sign_in.failed': 'warn',
  'sign_in.entries_left_out': 'warn',
  'consent.given': 'info',
  'consent.declined': 'info',
  'vehicle_source.unavailable': 'error',
  'vehicle_source.entries_left_out': 'warn',
  'client_token.issued': 'debug',
  'grant.revoked': 'warn',
  'grant.reinstated': 'warn',
  'client.refused': 'info',
  'client.throttled': 'warn',
  'request.refused': 'info',
  'forwarding.ignored': 'warn',
  'connection.dropped': 'warn',
  'clock.jumped': 'warn',
  'clock.contradicted': 'error',
  'clock.skewed': 'warn',
  'clock.settled': 'info',
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

/** The log level of an event; `undefined` for an unknown event. */
export const levelOf = (event: string): Level | undefined =>
  Object.hasOwn(LEVELS, event) ? LEVELS[event as LogEvent['event']] : undefined;

/** Writes log events to standard error, one JSON line per event. */
export const createLog = (level: LevelWithSilent): Emit => {
  const target = destination({ fd: 2, sync: true });
  // A log that cannot be written must not stop the server: only the line is lost.
  target.on('error', () => {});
  const log = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target);
  return (event) => log[LEVELS[event.event]](event);
};
