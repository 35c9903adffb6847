import type { MakeAnswer } from './store.ts';

/** The answer that `makeAnswer` makes of a result; the result itself where it is absent. */
export const answerWith = async <Result, Answer>(
  result: Result,
  makeAnswer: MakeAnswer<Result, Answer> | undefined,
): Promise<Answer> => (makeAnswer === undefined ? (result as unknown as Answer) : makeAnswer(result));
