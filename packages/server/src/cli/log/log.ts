import { isatty } from 'node:tty';
import type { Config, Emit, LogEvent, LogLines } from '../../exports/index.ts';
import { toPrintableJson } from '../../exports/maintenance.ts';
import { writeLine } from './event-line.ts';
import { openLineOutput } from './line-output.ts';
import { LEVEL_NUMBERS, LEVELS } from './log-levels.ts';
import { createLineSampler } from './sample-lines.ts';

/** The log of a server. */
export type Log = {
  /** Writes a log event, if its level is high enough. Never waits. */
  readonly emit: Emit;
  readonly lines: () => LogLines;
  /** Writes how many lines were left out since the last report. */
  end(): void;
};

const REPORT_INTERVAL_MS = 60_000;

/** Whether lines are for people or for programs, and whether people see colours. */
type Form = { readonly isForPeople: boolean; readonly hasColour: boolean };

/** People read a terminal. A collector of lines, and `--json`, gets JSON. */
export const formOf = (isJson: boolean, environment: Readonly<Record<string, string | undefined>>): Form => ({
  isForPeople: !isJson && isatty(2),
  hasColour: (environment['NO_COLOR'] ?? '') === '',
});

const render = (event: LogEvent, { isForPeople, hasColour }: Form): string => {
  const at = new Date().toISOString();
  return isForPeople
    ? writeLine({ at, ...event }, { hasColour })
    : toPrintableJson({ level: LEVEL_NUMBERS[LEVELS[event.event]], time: at, ...event });
};

/**
 * Writes log events to standard error, one line per event, without waiting for a reader. Lines of events that strangers
 * cause are limited, except at the level `debug`. `report` gets the log's own events: lines that were dropped or left out.
 */
export const createLog = (
  logLevel: Config['logLevel'],
  report: Emit,
  form: Form = { isForPeople: false, hasColour: false },
): Log => {
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
    output.write(`${render(event, form)}\n`);
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
