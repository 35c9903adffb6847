import type { OperatorKind } from '../../operators/operator.ts';

/** The texts of the audit log, in both languages. */
export const AUDIT_EN = {
  title: 'Audit log',
  lead: 'Every write of an operator and every look at a connection. Nothing is ever changed or taken out.',
  who: 'Who',
  action: 'Action',
  target: 'About',
  reason: 'Reason',
  at: 'At',
  about: 'About a grant or client: its id',
  by: 'Operator: the id',
  all: 'All entries',
  ofThis: 'Who looked at this, and who changed it',
  kinds: { link: 'by link', key: 'by key', provider: 'by provider', command: 'by command' } satisfies Record<
    OperatorKind,
    string
  >,
  notDone: 'not done',
  seen: 'seen',
  export: 'Download as NDJSON',
  verify: 'Check the chain',
  whole: (count: number) =>
    `${count} ${count === 1 ? 'entry' : 'entries'}, nothing is missing or changed. The head, to note elsewhere:`,
  broken: (fault: string) => `The chain is broken: ${fault}`,
  empty: 'Nothing yet.',
};

export const AUDIT_KO: typeof AUDIT_EN = {
  title: '감사 로그',
  lead: '운영자의 모든 변경과 연결 조회가 남습니다. 바꾸거나 지우지 않습니다.',
  who: '누가',
  action: '행동',
  target: '대상',
  reason: '사유',
  at: '시각',
  about: '그랜트나 클라이언트의 ID',
  by: '운영자 ID',
  all: '모든 항목',
  ofThis: '조회하고 변경한 기록',
  kinds: { link: '링크', key: '키', provider: '제공자', command: '명령' },
  notDone: '처리되지 않음',
  seen: '조회',
  export: 'NDJSON으로 받기',
  verify: '사슬 확인',
  whole: (count) => `항목 ${count}개, 빠지거나 바뀐 것이 없습니다. 따로 적어 둘 머리:`,
  broken: (fault) => `사슬이 끊어졌습니다: ${fault}`,
  empty: '아직 없습니다.',
};
