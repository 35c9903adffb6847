import type { Exchange } from '../worlds/exchange.ts';
import type { JournalEntry } from './entry.ts';
import { textOfReason } from './reason-texts.ts';

type Described = Pick<JournalEntry, 'verdict' | 'because' | 'says'>;

/** What an exchange was decided to be, in the words of the journal. `wasSeen`: whether the server got it. */
export const describeVerdict = (exchange: Exchange, wasSeen: boolean): Described => {
  const { verdict, reason, hasEnded } = exchange;
  if (!wasSeen) return said('none', 'The server never saw it.');
  if (hasEnded) return said('none', 'It ended before its commit: nothing happened.');
  switch (verdict?.kind) {
    case 'rotate':
      return said('rotate', 'The current token was exchanged for its successor.');
    case 'repeat':
      return said('repeat', REPEATS[verdict.cause], verdict.cause);
    case 'resync':
      return said(
        'resync',
        `The store had lost ${verdict.lost} generations, and goes on from this token.`,
        `${verdict.lost} lost`,
      );
    case 'replay': {
      const { gap, response } = verdict;
      const age = gap === 1 ? 'The predecessor' : `A token ${gap} generations old`;
      const end = response === 'revoke' ? ', which ended the grant' : '';
      return said('replay', `${age} came again after its time: a replay${end}.`, `gap ${gap}`);
    }
    case 'refuse':
      return said('refuse', textOfReason(verdict.reason), verdict.reason);
    case undefined:
      return reason === undefined ? withoutVerdict(exchange) : said('refuse', textOfReason(reason), reason);
  }
};

const withoutVerdict = ({ hasRedeemed, hasCommitted }: Exchange): Described => {
  if (hasRedeemed) return said('redeem', 'The code was exchanged for the first pair of tokens.');
  return hasCommitted
    ? said('stored', 'Done, and stored.')
    : said('answered', 'Answered; nothing was stored.');
};

const said = (verdict: Described['verdict'], says: string, because?: string): Described => ({
  verdict,
  because,
  says,
});

const REPEATS = {
  overlap: 'The predecessor came again inside the overlap: the current token was given again.',
  until_used: 'The predecessor came again before its successor was used: the current token was given again.',
  same_use: 'The same use came again: the current token was given again.',
  not_rotated: 'This token is not exchanged: it was given again.',
} as const;
