import type { Grant } from '../grants/grant.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/**
 * Undoes a revocation: the newest refresh token of the grant works again. Reports `grant.reinstated` where this very call
 * did it. Throws `StoreError`.
 */
export const reinstateGrant = async (
  { store, emit }: Pick<OperationContext, 'store' | 'emit'>,
  { id, clientId }: Pick<Grant, 'id' | 'clientId'>,
  { nowMs, requestId }: { readonly nowMs: number; readonly requestId: string | undefined },
): Promise<'reinstated' | 'not_revoked' | 'unknown'> => {
  const outcome = await store.reinstate(id, { nowMs, requestId });
  if (outcome === 'reinstated')
    emit({ event: 'grant.reinstated', requestId, grantId: writeGrantId(id), clientId });
  return outcome;
};
