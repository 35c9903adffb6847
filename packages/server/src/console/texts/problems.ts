import { PROBLEMS } from '../../admin/api/problem.ts';
import type { ProblemCode } from '../../admin/api/problem.ts';

const TITLES_EN = Object.fromEntries(
  Object.entries(PROBLEMS).map(([code, [, title]]) => [code, `${title}.`]),
) as Readonly<Record<ProblemCode, string>>;

/** What did not work, in both languages. What exactly is wrong is in English, as at the admin API. */
export const PROBLEMS_EN = {
  title: 'That did not work',
  sentences: {
    ...TITLES_EN,
    not_permitted: 'Your role does not allow this.',
    not_found: 'There is nothing here.',
    method_unknown: 'This address does not take such a request. Open the page again.',
    other_site: 'The page was too old, or the request came from another site. Open the page again.',
    store_unavailable: 'The store does not answer. Nothing was changed; try again.',
    key_of_another_write: 'This form was sent before, with something else in it.',
    outcome_unknown: 'It is not known whether this was done. Look at the page again.',
  } as Readonly<Record<ProblemCode, string>>,
  back: 'Back to the start',
};

export const PROBLEMS_KO: typeof PROBLEMS_EN = {
  title: '처리하지 못했습니다',
  sentences: {
    request_invalid: '요청 형식이 올바르지 않습니다.',
    reason_missing: '변경하려면 사유가 필요합니다.',
    not_authenticated: '로그인하지 않았습니다.',
    not_permitted: '현재 역할로는 할 수 없습니다.',
    other_site: '페이지가 오래되었거나 다른 사이트에서 온 요청입니다. 페이지를 다시 여세요.',
    not_found: '찾을 수 없습니다.',
    method_unknown: '여기에서는 쓸 수 없는 방법입니다.',
    conflict: '지금 상태에서는 할 수 없습니다.',
    already_asked: '이미 요청한 변경입니다.',
    key_of_another_write: '이 양식은 다른 내용으로 이미 보냈습니다.',
    count_differs: '조건에 맞는 수가 달라졌습니다.',
    body_invalid: '입력한 내용이 올바르지 않습니다.',
    too_many: '더 만들 수 없습니다.',
    too_often: '너무 자주 요청했습니다.',
    streams_full: '열린 실시간 목록이 너무 많습니다.',
    store_unavailable: '저장소가 응답하지 않습니다. 변경된 것은 없으니 다시 시도하세요.',
    outcome_unknown: '처리되었는지 알 수 없습니다. 페이지를 다시 확인하세요.',
  },
  back: '처음으로',
};
