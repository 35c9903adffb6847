import type { Impossible } from './best-client.ts';
import type { AvoidableCause, FindingKind } from './judgement.ts';

/** For each avoidable loss: what happened, and one sentence of advice. */
export const AVOIDABLE: Readonly<
  Record<AvoidableCause, { readonly because: string; readonly advice: string }>
> = {
  replayed: {
    because: 'it sent a refresh token that it had already exchanged, and the server took that for theft',
    advice:
      'Keep only the newest refresh token, and let one process at a time read it, exchange it and store the answer.',
  },
  not_stored: {
    because: 'a new refresh token reached it, and later it sent an older one',
    advice: 'Store the refresh token of every answer before anything else is done with that answer.',
  },
  stored_too_late: {
    because: 'it was killed as it printed the access token, and had not stored the new refresh token yet',
    advice: 'Write the new refresh token to disk first, and print the access token after that.',
  },
  state_torn: {
    because:
      'a kill in the middle of writing left half a file in the state folder, and it could not go on from that',
    advice:
      'Write to another file, flush it and rename it over the old one: a kill then leaves the old file or the new one.',
  },
  not_repeated: {
    because: 'an answer was lost on its way, and it did not send the same refresh token again in time',
    advice:
      'When an answer does not arrive, send the same refresh token again at once and once more soon after: the server answers with the same successor.',
  },
  asked_needlessly: {
    because: 'it asked for new consent although the grant was alive',
    advice:
      'Exit with 77 only when the token endpoint itself says that the refresh token is dead; everything else is temporary (75).',
  },
  hangs: {
    because: 'it did not come back, and by the time it was stopped the token could not be repeated any more',
    advice:
      'Give every request a deadline of your own, well under the overlap of the server (10 seconds are enough), and then send the same token again.',
  },
  stuck_after_kill: {
    because: 'after it had been killed once it never worked again',
    advice:
      'What a killed process leaves behind must not stop the next one: use a lock that the system releases (flock, a database lock), or take over a lock whose owner is gone.',
  },
  prints_unusable: {
    because: 'it printed a token that does not work, and said that all was well',
    advice:
      'Compare the stored expiry with KEYFOB_NOW, refresh before it, and exit with 75 when there is no good token.',
  },
  fails: {
    because: 'it failed, and the grant was alive',
    advice:
      'Find out why it failed (its last lines are below); a state that it cannot read must not stop it forever.',
  },
  gave_up: {
    because: 'it went on answering that a token is temporarily impossible, and sent no request',
    advice: 'After a failure try again with the next call; an error that was stored must not last forever.',
  },
  rejects_answers: {
    because: 'the server answered with a token that works, and it did not take it',
    advice:
      'An answer with an access token is a success: where it has no refresh token keep the one you have, and where it has no expiry assume one.',
  },
  keeps_failing: {
    because: 'it kept sending requests that cannot succeed',
    advice:
      'Check what it stored and reads back: an answer without tokens, or half an answer, must never replace a good refresh token, and a new process must find the newest one.',
  },
};

/** For each proven loss: why nobody could have kept the grant. */
export const UNAVOIDABLE: Readonly<Record<Impossible['because'], string>> = {
  ended_by_owner: 'the owner ended it',
  too_old: 'no token was needed until it had expired',
  stolen: 'somebody else had used its refresh token',
  answer_lost: 'the answer was lost, and no repeat was allowed',
  killed_before_answer: 'killed before the answer; no repeat was allowed',
  state_taken_away: 'its state was put back to an older token',
};

/** For each finding one sentence of advice. */
export const FINDING_ADVICE: Readonly<Record<FindingKind, string>> = {
  asked_needlessly: AVOIDABLE.asked_needlessly.advice,
  reused_old_token:
    'It sent a refresh token whose successor had reached it: lock the state while one process refreshes, and read it again after waiting for the lock.',
  hammered:
    'It sent requests faster than the server can want: obey Retry-After, stop at a dead token, and leave the rest to the next call.',
  unusable_token:
    'It exited with 0 and printed no token that works: print only what you would use yourself, and exit with 75 otherwise.',
  never_asked:
    'The grant is dead, and it never exited with 77: an owner who is not asked does not know that the car is disconnected.',
  hung: 'It did not end by itself: give every request a deadline of your own, and every wait for a lock an end.',
  leaked_secret:
    'It followed a redirect and sent the refresh token to another host: switch redirects off for the token endpoint.',
};
