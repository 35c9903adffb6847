import { bad, ok } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import type { Finding } from '../../operations/doctor/finding.ts';

/** Usual is at most 16 MiB. */
const LOG_WARN_BYTES = 128 * 1024 * 1024;

/** Checks the write-ahead log, which starts again when all of it is in the database, but not while somebody reads an old state. */
export const examineLog = (path: string, bytes: number): Finding => {
  const finding = `${Math.ceil(bytes / 1024 / 1024)} MiB of write-ahead log`;
  if (bytes < LOG_WARN_BYTES) return ok('log', finding);
  return bad(
    'log',
    'warn',
    `${finding}: a long read keeps it from starting again`,
    `End the program that reads ${path}, for example a sqlite3 shell or a backup tool; "fuser ${toShellWord(path)}" lists them.`,
  );
};
