import type { Grant, RevocationCause } from '../grants/grant.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/**
 * Revokes a grant; its tokens stop working with the next request. Reports `grant.revoked` where this very call revoked it.
 * Throws `StoreError`.
 */
export const revokeGrant = async (
  { store, clock, emit }: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  { id, clientId }: Pick<Grant, 'id' | 'clientId'>,
  {
    cause,
    requestId,
  }: {
    readonly cause: RevocationCause;
    /** `undefined` for what an operator does. */
    readonly requestId: string | undefined;
  },
): Promise<'revoked' | 'revoked_before' | 'unknown'> => {
  const outcome = await store.revoke(id, { nowMs: clock(), cause, requestId });
  if (outcome === 'revoked')
    emit({ event: 'grant.revoked', requestId, grantId: writeGrantId(id), clientId, cause });
  return outcome;
};
