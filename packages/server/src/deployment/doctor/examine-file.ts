import type { Config } from '../../config.ts';
import { asIs } from '../../language.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import { toShellWord } from '../../shell-word.ts';
import type { StoreFacts } from '../../stores/sqlite/inspect.ts';
import { isOpenToOthers } from '../file-modes.ts';
import { readableByOthers } from './examine-key-file.ts';
import { sqlitePathOf, storeNameOf } from '../names.ts';
import { examineLog } from './examine-log.ts';

/** What the file that is the store says of itself. */
export const examineFile = (config: Config, facts: StoreFacts): readonly Finding[] => {
  const path = storeNameOf(config);
  return [
    examineContentOf(path, facts),
    isOpenToOthers(sqlitePathOf(config))
      ? bad('store mode', 'fail', readableByOthers(path), asIs(`chmod 600 ${toShellWord(path)}`))
      : ok('store mode', { en: 'private', ko: '비공개' }),
    facts.journalMode === 'wal'
      ? ok('durability', {
          en: 'write-ahead log, synced to disk at every commit',
          ko: '미리 쓰기 로그(WAL), 커밋할 때마다 디스크에 동기화',
        })
      : bad(
          'durability',
          'fail',
          { en: `journal mode ${facts.journalMode}`, ko: `저널 모드 ${facts.journalMode}` },
          {
            en: 'Run "keyfob serve" once: it sets the mode.',
            ko: '"keyfob serve"를 한 번 실행하세요. 모드를 설정합니다.',
          },
        ),
    examineLog(path, facts.logBytes),
  ];
};

const examineContentOf = (path: string, { schema, content }: StoreFacts): Finding => {
  if (content === undefined)
    return ok('store', { en: `${path}, schema ${schema}`, ko: `${path}, 스키마 ${schema}` });
  if (content.integrity === 'ok')
    return ok('store', {
      en: `${path}, schema ${schema}, ${content.grants} grants, intact`,
      ko: `${path}, 스키마 ${schema}, 그랜트 ${content.grants}개, 손상 없음`,
    });
  return bad('store', 'fail', asIs(`${path}: ${content.integrity}`), {
    en: 'Restore the newest backup; clients keep using their tokens.',
    ko: '가장 새로운 백업을 복원하세요. 클라이언트는 토큰을 계속 쓸 수 있습니다.',
  });
};
