import { CommanderError } from 'commander';
import { KeeperError, NeedsConsentError, StoreError, UnavailableError } from '../errors.ts';
import { UsageError } from './output.ts';

/** 0 success, 1 trouble, 2 usage error. */
export const EXIT_FAILED = 1;
const EXIT_USAGE = 2;
/** As shells count it: 128 and SIGINT. */
const EXIT_INTERRUPTED = 130;

/** What a command's failure is called, what it says, what to do, and the exit code. */
export type Failure = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly exit: number;
};

/** What the caller gave wrong, and not what went wrong. */
const USAGE_CODES = new Set([
  'settings_invalid',
  'settings_missing',
  'param_missing',
  'client_unknown',
  'name_invalid',
]);

const exitOf = (code: string): number => {
  if (code === INTERRUPTED) return EXIT_INTERRUPTED;
  return USAGE_CODES.has(code) ? EXIT_USAGE : EXIT_FAILED;
};

/** The code of a command that a person ended. */
export const INTERRUPTED = 'interrupted';

/** The failure of an error that ended a command. */
export const failureOf = (error: unknown): Failure => {
  if (error instanceof UsageError)
    return { code: 'usage', message: error.message, remedy: 'Run it with --help.', exit: EXIT_USAGE };
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '');
    return { code: 'usage', message, remedy: 'See keyfob-keeper --help.', exit: EXIT_USAGE };
  }
  if (error instanceof KeeperError) {
    const { code, remedy } = error;
    const message = error.message.slice(0, -remedy.length - 2);
    return { code, message, remedy, exit: exitOf(code) };
  }
  if (error instanceof NeedsConsentError && error.cause === 'not_connected')
    return {
      code: 'connection_unknown',
      message: `There is no connection ${error.connection}`,
      remedy: 'See "keyfob-keeper ls".',
      exit: EXIT_FAILED,
    };
  if (error instanceof NeedsConsentError)
    return {
      code: 'needs_consent',
      message: error.message,
      remedy: 'Send the owner to your connect page, and put the new tokens.',
      exit: EXIT_FAILED,
    };
  if (error instanceof UnavailableError)
    return {
      code: 'unavailable',
      message: error.message,
      remedy: `The grant lives. Try again after ${new Date(error.retryAtMs).toISOString()}.`,
      exit: EXIT_FAILED,
    };
  if (error instanceof StoreError) {
    const { code, message, remedy } = error;
    return { code, message, remedy, exit: EXIT_FAILED };
  }
  const file = fileFailureOf(error);
  if (file !== undefined) return file;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'internal', message, remedy: 'This is a bug in keyfob-keeper.', exit: EXIT_FAILED };
};

const FILE_REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on this disk.',
  EDQUOT: 'Free space on this disk.',
  EROFS: 'Choose a disk that can be written.',
  ENOENT: 'Create its directory, or name another file.',
};

/** A file that the system refused. */
const fileFailureOf = (error: unknown): Failure | undefined => {
  if (!(error instanceof Error && 'code' in error && 'path' in error)) return undefined;
  const code = String(error.code);
  const remedy = FILE_REMEDIES[code] ?? 'Give this user the right to use the file and its directory.';
  return { code: 'file_refused', message: `${String(error.path)}: ${code}`, remedy, exit: EXIT_FAILED };
};
