import type { Config } from '../../config.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import type { StoreFacts } from '../../stores/sqlite/inspect.ts';
import { isOpenToOthers } from '../file-modes.ts';
import { sqlitePathOf, storeNameOf } from '../names.ts';
import { examineLog } from './examine-log.ts';

/** What the file that is the store says of itself. */
export const examineFile = (config: Config, facts: StoreFacts): readonly Finding[] => {
  const path = storeNameOf(config);
  return [
    examineContentOf(path, facts),
    isOpenToOthers(sqlitePathOf(config))
      ? bad(
          'store mode',
          'fail',
          `${path} readable by others, so no server starts`,
          `chmod 600 ${toShellWord(path)}`,
        )
      : ok('store mode', 'private'),
    facts.journalMode === 'wal'
      ? ok('durability', 'write-ahead log, synced to disk at every commit')
      : bad(
          'durability',
          'fail',
          `journal mode ${facts.journalMode}`,
          'Run "keyfob serve" once: it sets the mode.',
        ),
    examineLog(path, facts.logBytes),
  ];
};

const examineContentOf = (path: string, { schema, content }: StoreFacts): Finding => {
  if (content === undefined) return ok('store', `${path}, schema ${schema}`);
  if (content.integrity === 'ok')
    return ok('store', `${path}, schema ${schema}, ${content.grants} grants, intact`);
  return bad(
    'store',
    'fail',
    `${path}: ${content.integrity}`,
    'Restore the newest backup; clients keep using their tokens.',
  );
};
