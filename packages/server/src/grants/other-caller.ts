import type { Caller } from '../log-event.ts';
import type { CurrentGrant } from './grant.ts';
import type { Presented } from './judge.ts';

/** In what the caller that repeats a refresh token differs from the one that used it first. */
export type CallerDifference = 'address' | 'user_agent' | 'both';

/**
 * Who used a repeated token first, where that was another caller: two honest processes of one client, or a thief within the
 * overlap. `undefined` for the same caller, and where the first one is not known: a row remembers who used the predecessor
 * of its current token, and no earlier one.
 *
 * @see RFC 9700 §4.14
 */
export const findOtherCaller = (
  { generation, rotatedBy }: Pick<CurrentGrant, 'generation' | 'rotatedBy'>,
  presented: Pick<Presented, 'generation'>,
  caller: Caller,
): { readonly firstUsedBy: Caller; readonly differs: CallerDifference } | undefined => {
  if (rotatedBy === undefined || presented.generation !== generation - 1) return undefined;
  const isSameAddress = rotatedBy.address === caller.address;
  const isSameAgent = rotatedBy.userAgent === caller.userAgent;
  if (isSameAddress && isSameAgent) return undefined;
  return { firstUsedBy: rotatedBy, differs: isSameAgent ? 'address' : isSameAddress ? 'user_agent' : 'both' };
};
