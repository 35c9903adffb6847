import type { Config, Emit, LogEvent, LogLines } from '../exports/index.ts';
import { openLineOutput } from './line-output.ts';
import { createLineSampler } from './sample-lines.ts';

/** The numbers that log tools expect (those of Bunyan and pino). */
const LEVEL_NUMBERS = { debug: 20, info: 30, warn: 40, error: 50, silent: Infinity } as const;
type Level = Exclude<keyof typeof LEVEL_NUMBERS, 'silent'>;

/** The log level of each event. What happens at every refresh is for debugging; what an operator should know is not. */
const LEVELS: Readonly<Record<LogEvent['event'], Level>> = {
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
  'client_token.issued': 'debug',
  'personal_token.issued': 'debug',
  'grant.revoked': 'warn',
  'grant.reinstated': 'warn',
  'client.refused': 'info',
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

/** The log of a server. */
export type Log = {
  /** Writes a log event, if its level is high enough. Never waits. */
  readonly emit: Emit;
  readonly lines: () => LogLines;
  /** Writes how many lines were left out since the last report. */
  end(): void;
};

const REPORT_INTERVAL_MS = 60_000;

/**
 * Writes log events to standard error, one JSON line per event, without waiting for a reader. Lines of events that strangers
 * cause are limited, except at the level `debug`. `report` gets the log's own events: lines that were dropped or left out.
 */
export const createLog = (logLevel: Config['logLevel'], report: Emit): Log => {
  const output = openLineOutput(2, (lines) => report({ event: 'log.dropped', lines }));
  const sampler = createLineSampler();
  const reportLeftOut = (emit: Emit): void => {
    for (const leftOut of sampler.endPeriod()) emit({ event: 'log.left_out', ...leftOut });
  };
  const reporting = setInterval(reportLeftOut, REPORT_INTERVAL_MS, report).unref();
  const least = LEVEL_NUMBERS[logLevel];
  const emit: Emit = (event) => {
    const level = LEVEL_NUMBERS[LEVELS[event.event]];
    if (level < least || (logLevel !== 'debug' && !sampler.admits(event))) return;
    output.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...event })}\n`);
  };
  return {
    emit,
    lines: () => ({ ...output.counts(), leftOut: sampler.leftOut() }),
    end() {
      clearInterval(reporting);
      reportLeftOut(emit);
    },
  };
};
