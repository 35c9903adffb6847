import { Problem } from './problem.ts';

/** What may not be there, in Korean. */
const KOREAN = {
  client: '클라이언트',
  secret: '시크릿',
  grant: '그랜트',
  webhook: '웹훅',
  key: '키',
  'operator key': '운영자 키',
  'registration token': '등록 토큰',
} as const;

/** The problem of an id that nothing has. */
export const notThere = (what: keyof typeof KOREAN): Problem =>
  new Problem('not_found', { en: `there is no such ${what}`, ko: `${KOREAN[what]} 없음` });
