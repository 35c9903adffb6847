import type { Exchange } from '../worlds/exchange.ts';
import type { JournalEntry } from './entry.ts';

/** What an exchange was decided to be, in the words of the journal. */
export const describeVerdict = (
  { verdict, reason, hasEnded, hasCommitted }: Exchange,
  wasSeen: boolean,
): Pick<JournalEntry, 'verdict' | 'because' | 'says'> => {
  if (!wasSeen) return { verdict: 'none', because: undefined, says: 'The server never saw it.' };
  if (hasEnded)
    return { verdict: 'none', because: undefined, says: 'It ended before its commit: nothing happened.' };
  switch (verdict?.kind) {
    case 'rotate':
      return {
        verdict: 'rotate',
        because: undefined,
        says: 'The current token was exchanged for its successor.',
      };
    case 'repeat':
      return { verdict: 'repeat', because: verdict.cause, says: REPEATS[verdict.cause] };
    case 'resync':
      return {
        verdict: 'resync',
        because: `${verdict.lost} lost`,
        says: `The store had lost ${verdict.lost} generations, and goes on from this token.`,
      };
    case 'replay':
      return {
        verdict: 'replay',
        because: `gap ${verdict.gap}`,
        says: `A token ${verdict.gap} generations old came again, after its time: a replay${verdict.response === 'revoke' ? ', which ended the grant' : ''}.`,
      };
    case 'refuse':
      return { verdict: 'refuse', because: verdict.reason, says: `Refused: ${verdict.reason}.` };
    case undefined:
      if (reason !== undefined) return { verdict: 'refuse', because: reason, says: `Refused: ${reason}.` };
      return hasCommitted
        ? { verdict: 'redeem', because: undefined, says: 'Done, and stored.' }
        : { verdict: 'answered', because: undefined, says: 'Answered; nothing changed.' };
  }
};

const REPEATS = {
  overlap: 'The predecessor came again inside the overlap: the current token was given again.',
  until_used: 'The predecessor came again before its successor was used: the current token was given again.',
  same_use: 'The same use came again: the current token was given again.',
  not_rotated: 'This token is not exchanged: it was given again.',
} as const;
