import type { Policy } from '../clients/policy.ts';
import type { Seconds } from '../clock.ts';
import { beganAt } from './grant.ts';
import type { Grant } from './grant.ts';

/** What the end of a grant depends on. */
export type Lasting = Pick<Grant, 'createdAtMs' | 'vehicleData'>;

/** How long the owner agreed to, counted from the beginning of the grant; `null` where that has no end. */
export const agreedSecondsOf = (grant: Lasting): Seconds | null => {
  const until = grant.vehicleData?.until;
  return until === undefined ? null : Math.max(0, until - beganAt(grant));
};

/** How long a grant lasts, however often it is refreshed: as the policy has it, or as the owner agreed, if that is less. */
export const grantLifetimeOf = (
  grant: Lasting,
  { grantLifetimeSeconds }: Pick<Policy, 'grantLifetimeSeconds'>,
): Seconds | null => {
  if (grant.vehicleData === undefined) return grantLifetimeSeconds;
  const agreed = agreedSecondsOf(grant);
  return agreed === null || grantLifetimeSeconds === null
    ? (agreed ?? grantLifetimeSeconds)
    : Math.min(agreed, grantLifetimeSeconds);
};
