import type { AttemptEnd } from '../stores/store.ts';
import type { Send } from './converse.ts';

const endOf = ({ attemptId, ending }: Send): AttemptEnd | undefined =>
  ending === undefined
    ? undefined
    : {
        id: attemptId,
        outcome: ending.answer.class,
        status: ending.answer.status,
        requestId: ending.answer.requestId,
        tookMs: ending.tookMs,
      };

/** How those sends ended that have ended, for the store. */
export const endsOf = (sends: readonly Send[]): readonly AttemptEnd[] =>
  sends.map(endOf).filter((end) => end !== undefined);
