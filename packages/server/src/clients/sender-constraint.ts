import type { Policy } from './policy.ts';
import { isFapi2 } from './security-profile.ts';

/** By what a client's access tokens must be bound: a key, a certificate, whichever its requests show, or nothing. */
export type SenderConstraint = 'none' | 'dpop' | 'mtls' | 'either';

/** What a client's policy asks for: its own field, or else its profile. @see FAPI 2.0 Security Profile §5.3.2.1-4 and -5 */
export const senderConstraintOf = (
  policy: Pick<Policy, 'senderConstraint' | 'profile'>,
): SenderConstraint => {
  const { senderConstraint = 'none' } = policy;
  return senderConstraint === 'none' && isFapi2(policy) ? 'either' : senderConstraint;
};
