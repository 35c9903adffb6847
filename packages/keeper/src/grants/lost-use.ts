import type { Millis } from '../time.ts';
import { MEANINGS } from './answer-class.ts';
import type { AnswerClass } from './answer-class.ts';
import type { Grant } from './grant.ts';

/** A send of a grant, and how it ended. */
type PastSend = {
  readonly id: string;
  readonly generation: number;
  readonly sentAtMs: Millis;
  /** A class of answers; `undefined` where no end is known. */
  readonly outcome: string | undefined;
  readonly status: number | undefined;
};

/** From this status on, a server or a gateway before it failed. */
const SERVER_FAILED = 500;

/**
 * Whether the provider may have used the token, whatever the rule is for sending it again: no answer is known, its successor came, or a
 * gateway or a firewall answered in its place.
 */
const mayHaveUsed = ({ outcome, status }: PastSend): boolean => {
  if (outcome === undefined) return true;
  if (outcome === 'grant_rejected' || outcome === 'sharing_withdrawn') return false;
  if (status !== undefined && status >= SERVER_FAILED) return true;
  return Object.hasOwn(MEANINGS, outcome) && MEANINGS[outcome as AnswerClass].isSpent !== 'no';
};

/**
 * Whether a refresh token that is refused now may have been used by an earlier send, so that its answer was lost and nobody revoked
 * it. `sends` are newest first; those of this refresh (`without`) are judged by what they brought. Where the token is the pair of
 * another send, taken after a refusal, the sends of the refused one count as well.
 */
export const wasMaybeUsed = (
  grant: Pick<Grant, 'generation' | 'issuedAtMs'>,
  sends: readonly PastSend[],
  without: ReadonlySet<string>,
): boolean => {
  for (let { generation } = grant; generation > 0; generation--) {
    const ofToken = sends.filter((send) => send.generation === generation);
    if (ofToken.some((send) => !without.has(send.id) && mayHaveUsed(send))) return true;
    const before = generation - 1;
    const last = sends.find((send) => send.generation === before);
    if (last?.outcome !== 'grant_rejected' || last.sentAtMs <= grant.issuedAtMs) return false;
  }
  return false;
};
