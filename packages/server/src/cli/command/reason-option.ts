import { REASON_MAX_CHARACTERS } from '../../exports/index.ts';
import { UsageError } from './output.ts';

/** Nothing of a reason is cut: what the log could not say in full is refused, as the admin API refuses it. */
const readReason = (text: string): string => {
  if (text.length > REASON_MAX_CHARACTERS)
    throw new UsageError(`--reason must have at most ${REASON_MAX_CHARACTERS} characters`);
  return text;
};

/** The option of every command that has an entry in the audit log, as the arguments of `command.option`. */
export const REASON_OPTION = ['--reason <text>', 'why, for the audit log', readReason] as const;
