import type { RefusalClass } from '../../errors.ts';

/** What refusals of a class mean. */
type Meanings = Readonly<Record<RefusalClass, string>>;

const MEANINGS_EN: Meanings = {
  request: 'The request is wrong',
  unauthenticated: 'The client did not prove who it is',
  unproved: 'The proof of a bound token does not fit',
  dead_code: 'The code does not work',
  dead_token: 'The refresh token does not work',
  dead_access_token: 'The access token does not work',
  not_permitted: 'It is not permitted',
  throttled: 'Too many attempts',
  unavailable: 'The server could not answer',
};

/** The texts of the page of troubles, in English. */
export const TROUBLES_EN = {
  title: 'Troubles',
  lead: 'Old tokens that were presented, and what was refused, by cause and client.',
  theft: 'Suspected theft, 30 days',
  lost: 'Lost answers, 30 days',
  refused: 'Refused, 24 hours',
  unanswered: 'Server failed to answer, 24 hours',
  replays: 'Replays of the last 30 days',
  refusals: 'Refusals of the last 24 hours',
  noReplays: 'No old token was presented.',
  noRefusals: 'Nothing was refused.',
  cause: 'Cause',
  client: 'Client',
  count: 'Times',
  last: 'Last',
  grants: 'Connections',
  perDay: 'Per day',
  perHour: 'Per hour',
  delay: 'Of all nodes. What another node refused in the last seconds may be missing.',
  cut: (count: number) => `Only the ${count} most frequent are shown.`,
  unknownClient: 'unknown client',
  observed: 'would have stopped the connection (policy observe)',
  chart: (text: string) => `Bars by time: ${text}`,
  meanings: MEANINGS_EN,
};

const MEANINGS_KO: Meanings = {
  request: '요청이 잘못됨',
  unauthenticated: '클라이언트 인증 실패',
  unproved: '토큰 소유 증명이 맞지 않음',
  dead_code: '코드가 작동하지 않음',
  dead_token: '리프레시 토큰이 작동하지 않음',
  dead_access_token: '액세스 토큰이 작동하지 않음',
  not_permitted: '허용되지 않음',
  throttled: '시도가 너무 많음',
  unavailable: '서버가 응답하지 못함',
};

/** The same in Korean. */
export const TROUBLES_KO: typeof TROUBLES_EN = {
  title: '문제',
  lead: '제시된 이전 토큰과 거부된 요청을 원인과 클라이언트별로 봅니다.',
  theft: '도난으로 보임, 30일',
  lost: '응답 유실로 보임, 30일',
  refused: '거부, 24시간',
  unanswered: '서버가 응답하지 못함, 24시간',
  replays: '최근 30일의 재사용',
  refusals: '최근 24시간의 거부',
  noReplays: '제시된 이전 토큰이 없습니다.',
  noRefusals: '거부된 것이 없습니다.',
  cause: '원인',
  client: '클라이언트',
  count: '횟수',
  last: '마지막',
  grants: '연결',
  perDay: '일별',
  perHour: '시간별',
  delay: '모든 노드의 합계입니다. 다른 노드가 마지막 몇 초 동안 거부한 것은 아직 없을 수 있습니다.',
  cut: (count) => `가장 많은 ${count}개만 보여 줍니다.`,
  unknownClient: '알 수 없는 클라이언트',
  observed: '연결을 중지했을 것임 (관찰 정책)',
  chart: (text) => `시간별 막대: ${text}`,
  meanings: MEANINGS_KO,
};
