import type { Client } from '../clients/client.ts';
import type { Millis, Seconds } from '../clock.ts';
import type { OpenedAccessToken } from '../tokens/access-token.ts';
import type { Grant } from './grant.ts';
import { accessExpiresAt } from './standing.ts';

/** What an active access token gives access to. */
export type Access = {
  readonly grant: Grant;
  readonly client: Client;
  readonly issuedAt: Seconds;
  readonly expiresAt: Seconds;
};

/**
 * Whether an access token issued at this time is active: until it expires, whatever was refreshed since, unless its grant is
 * revoked or its client disabled.
 */
export const judgeAccess = (
  grant: Grant,
  client: Client,
  { issuedAt }: Pick<OpenedAccessToken, 'issuedAt'>,
  nowMs: Millis,
): Access | undefined => {
  const expiresAt = accessExpiresAt(grant, client.policy, issuedAt);
  const isActive =
    grant.revocation === undefined && client.disabledAtMs === undefined && nowMs < expiresAt * 1000;
  return isActive ? { grant, client, issuedAt, expiresAt } : undefined;
};
