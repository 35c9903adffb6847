import type { Policy } from '../clients/policy.ts';
import type { Now } from '../clock.ts';
import { readGrantId, writeGrantId } from '../tokens/grant-id.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { Grant } from './grant.ts';
import { standingOf } from './standing.ts';

/** Who asks for a personal token. */
type PersonalRequest = {
  readonly clientId: string;
  /** Of the request; `undefined` in dialects without brands. */
  readonly brand: string | undefined;
};

/** The grant that a client may get access tokens for without a refresh token, if its registration names one. */
export const personalGrantOf = ({ personalGrant = '' }: Policy): GrantId | undefined =>
  readGrantId(personalGrant);

/**
 * Whether a client gets an access token for the grant that its registration names as its owner's. Such a grant ends as
 * every other does: when it is revoked, and with its refresh token, although nobody uses that. While the clock is in doubt,
 * it has not ended, as for a refresh.
 */
export const mayIssuePersonal = (
  grant: Grant,
  { clientId, brand }: PersonalRequest,
  policy: Policy,
  now: Now,
): boolean => {
  if (grant.clientId !== clientId || policy.personalGrant !== writeGrantId(grant.id)) return false;
  if (grant.brand !== undefined && grant.brand !== brand) return false;
  const { status } = standingOf(grant, policy, now);
  return status === 'active' || status === 'in_doubt';
};
