import type { Config } from '../../config.ts';
import type { Millis } from '../../clock.ts';
import type { Sentence } from '../../language.ts';
import { bad, ok } from '../../operations/doctor/finding.ts';
import type { Finding } from '../../operations/doctor/finding.ts';
import type { PostgresFacts } from '../../stores/postgres/connection/inspect.ts';
import { storeNameOf } from '../names.ts';

const ROUND_TRIP_WARN_MS = 20;

/** What the database that nodes share says of itself. */
export const examineDatabase = (config: Config, facts: PostgresFacts): readonly Finding[] => {
  const { version, schema, newestSchema, grants, synchronousCommit, standbys } = facts;
  const about: Sentence =
    grants < 0
      ? { en: 'number of grants unknown yet', ko: '그랜트 수는 아직 알 수 없음' }
      : { en: `about ${grants} grants`, ko: `그랜트 약 ${grants}개` };
  const newer: Sentence =
    schema > newestSchema
      ? { en: `, newer than this version's ${newestSchema}`, ko: `(이 버전의 ${newestSchema}보다 새로움)` }
      : { en: '', ko: '' };
  const database = `${storeNameOf(config)}, PostgreSQL ${version}`;
  return [
    ok('store', {
      en: `${database}, schema ${schema}${newer.en}, ${about.en}`,
      ko: `${database}, 스키마 ${schema}${newer.ko}, ${about.ko}`,
    }),
    ok('durability', describeCommits(synchronousCommit, standbys)),
    examineTransport(facts.transport),
    examineRoundTrip(facts.roundTripMs),
  ];
};

const describeCommits = (synchronousCommit: string, standbys: string): Sentence =>
  standbys === '' || synchronousCommit === 'local'
    ? {
        en: `synchronous_commit = ${synchronousCommit}: every commit is on the primary's disk; after a loss of the primary, clients resynchronise`,
        ko: `synchronous_commit = ${synchronousCommit}: 모든 커밋이 주 서버의 디스크에 있습니다. 주 서버를 잃으면 클라이언트가 다시 동기화합니다.`,
      }
    : {
        en: `synchronous_commit = ${synchronousCommit}: every commit is on the primary's disk and on ${standbys}`,
        ko: `synchronous_commit = ${synchronousCommit}: 모든 커밋이 주 서버의 디스크와 대기 서버(${standbys})에 있습니다.`,
      };

const REMEDY_OF_TRANSPORT: Sentence = {
  en: 'Add sslmode=verify-full to KEYFOB_STORE, and sslrootcert=FILE if its authority is your own.',
  ko: 'KEYFOB_STORE에 sslmode=verify-full을 추가하고, 자체 인증 기관이면 sslrootcert=FILE도 추가하세요.',
};

const examineTransport = (transport: PostgresFacts['transport']): Finding => {
  switch (transport) {
    case 'local':
      return ok('transport', {
        en: 'the database is on this machine',
        ko: '데이터베이스가 이 컴퓨터에 있습니다.',
      });
    case 'verified':
      return ok('transport', { en: 'TLS, certificate and name checked', ko: 'TLS, 인증서와 이름을 확인함' });
    case 'of_authority':
      return ok('transport', {
        en: 'TLS, certificate checked, name not',
        ko: 'TLS, 인증서만 확인하고 이름은 확인하지 않음',
      });
    case 'unverified':
      return bad(
        'transport',
        'warn',
        {
          en: 'TLS without a check of the certificate: a machine in between could be the database',
          ko: '인증서를 확인하지 않는 TLS입니다. 중간의 다른 컴퓨터가 데이터베이스인 척할 수 있습니다.',
        },
        REMEDY_OF_TRANSPORT,
      );
    case 'plain':
      return bad(
        'transport',
        'warn',
        {
          en: 'not encrypted: anyone on the network in between can read and change what is stored',
          ko: '암호화되지 않았습니다. 중간 네트워크에서 저장 내용을 읽고 바꿀 수 있습니다.',
        },
        REMEDY_OF_TRANSPORT,
      );
  }
};

const examineRoundTrip = (roundTripMs: Millis): Finding => {
  const ms = roundTripMs.toFixed(1);
  const finding: Sentence = { en: `${ms} ms per round trip`, ko: `왕복당 ${ms}ms` };
  if (roundTripMs < ROUND_TRIP_WARN_MS) return ok('distance', finding);
  return bad('distance', 'warn', finding, {
    en: 'Run the nodes near the database: every refresh is one round trip.',
    ko: '노드를 데이터베이스 가까이에서 실행하세요. 갱신할 때마다 한 번 왕복합니다.',
  });
};
