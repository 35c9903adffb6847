import type { Grant } from '../grants/grant.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/**
 * Undoes a revocation: the newest refresh token of the grant works again. `consent_needed`: its owner or its client ended it. Reports `grant.reinstated` where this very call
 * did it. Throws `StoreError`.
 */
export const reinstateGrant = async (
  { store, clock, emit }: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  { id, clientId }: Pick<Grant, 'id' | 'clientId'>,
  { requestId }: { readonly requestId: string | undefined },
): Promise<'reinstated' | 'not_revoked' | 'consent_needed' | 'unknown'> => {
  const outcome = await store.reinstate(id, { nowMs: clock(), requestId });
  if (outcome === 'reinstated')
    emit({ event: 'grant.reinstated', requestId, grantId: writeGrantId(id), clientId });
  return outcome;
};
