import { CHECKS, COMMAND_CHECKS } from '../../operations/doctor/finding.ts';
import type { Check, CommandCheck } from '../../operations/doctor/finding.ts';

/** The names of the doctor's checks, in both languages. */
export const CHECKS_EN = Object.fromEntries(
  [...CHECKS, ...COMMAND_CHECKS].map((name) => [name, name]),
) as Readonly<Record<Check | CommandCheck, string>>;

export const CHECKS_KO: typeof CHECKS_EN = {
  ready: '준비 상태',
  node: 'Node 버전',
  log: '로그',
  data: '데이터 폴더',
  rights: '권한',
  store: '저장소',
  'store mode': '저장소 파일 권한',
  durability: '내구성',
  transport: '데이터베이스 연결',
  distance: '데이터베이스 응답 시간',
  'disk space': '디스크 여유',
  clock: '시계',
  nodes: '노드',
  keys: '키',
  'key ring': '키 링',
  'key ages': '키 사용 기간',
  'key states': '키 상태',
  'client secrets': '클라이언트 시크릿',
  scopes: '범위',
  webhooks: '웹훅',
  issuer: '발급자',
  guessing: '추측 제한',
  callers: '호출자 주소',
  tls: 'TLS',
  retention: '보관 기간',
  'secrets and scopes of all clients': '모든 클라이언트의 시크릿과 범위',
  'integrity of the file and number of grants': '파일 무결성과 그랜트 수',
  'clock against the newest grant': '최신 그랜트와 비교한 시계',
  'chain of the audit log': '감사 로그의 사슬',
};
