import type { Sentence } from '../../language.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import type { Finding } from '../../operations/doctor/finding.ts';

/** Usual is at most 16 MiB. */
const LOG_WARN_BYTES = 128 * 1024 * 1024;

/** Checks the write-ahead log, which starts again when all of it is in the database, but not while somebody reads an old state. */
export const examineLog = (path: string, bytes: number): Finding => {
  const mebibytes = Math.ceil(bytes / 1024 / 1024);
  const finding: Sentence = {
    en: `${mebibytes} MiB of write-ahead log`,
    ko: `미리 쓰기 로그(WAL) ${mebibytes} MiB`,
  };
  if (bytes < LOG_WARN_BYTES) return ok('log', finding);
  return bad(
    'log',
    'warn',
    {
      en: `${finding.en}: a long read keeps it from starting again`,
      ko: `${finding.ko}: 긴 읽기 작업 때문에 처음부터 다시 쓰지 못하고 있습니다.`,
    },
    {
      en: `End the program that reads ${path}, for example a sqlite3 shell or a backup tool; "fuser ${toShellWord(path)}" lists them.`,
      ko: `이 파일을 읽는 프로그램(예: sqlite3 셸, 백업 도구)을 종료하세요. "fuser ${toShellWord(path)}" 명령으로 찾을 수 있습니다.`,
    },
  );
};
