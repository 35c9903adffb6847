import type { Grant, RevocationCause } from '../grants/grant.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/**
 * Revokes a grant; its tokens stop working with the next request. Reports `grant.revoked` where this very call revoked it.
 * Throws `StoreError`.
 */
export const revokeGrant = async (
  { store, emit }: Pick<OperationContext, 'store' | 'emit'>,
  { id, clientId }: Pick<Grant, 'id' | 'clientId'>,
  {
    cause,
    nowMs,
    requestId,
  }: {
    readonly cause: RevocationCause;
    readonly nowMs: number;
    /** `undefined` for what an operator does. */
    readonly requestId: string | undefined;
  },
): Promise<'revoked' | 'revoked_before' | 'unknown'> => {
  const outcome = await store.revoke(id, { nowMs, cause, requestId });
  if (outcome === 'revoked')
    emit({ event: 'grant.revoked', requestId, grantId: writeGrantId(id), clientId, cause });
  return outcome;
};
