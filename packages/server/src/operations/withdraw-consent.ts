import type { Client } from '../clients/client.ts';
import type { Sharing } from '../grants/decide-withdrawal.ts';
import type { Caller } from '../log-event.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';

/** How many grants a withdrawal ended, and from how many it took the vehicle. */
export type ConsentWithdrawn = { readonly revoked: number; readonly disconnected: number };

/**
 * Takes back what an owner shares with a client: all access, or one vehicle. It changes every grant of the sharing in one
 * step, so that a failure changes none, and codes that the client has not redeemed yet stop working. Tokens stop working
 * with the next request. Reports `grant.revoked` and `vehicles.disconnected` for each grant. Throws `StoreError`.
 */
export const withdrawConsent = async (
  { store, clock, emit }: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  client: Pick<Client, 'id' | 'dialect'>,
  {
    subject,
    brand,
    vehicleId,
    endsWhenEmpty,
  }: Omit<Sharing, 'clientId'> & {
    /** `undefined` for all access. */
    readonly vehicleId: string | undefined;
    /** Whether a grant ends with its last vehicle. */
    readonly endsWhenEmpty: boolean;
  },
  { requestId, caller }: { readonly requestId: string; readonly caller: Caller },
): Promise<ConsentWithdrawn> => {
  const sharing = { subject, clientId: client.id, brand };
  const withdrawn = await store.withdraw(
    { sharing, vehicleId, endsWhenEmpty },
    { nowMs: clock(), requestId },
  );
  for (const { grantId, disconnected, isRevoked } of withdrawn) {
    const about = { requestId, grantId: writeGrantId(grantId), clientId: client.id };
    if (disconnected.length > 0)
      emit({
        event: 'vehicles.disconnected',
        ...about,
        dialect: client.dialect,
        caller,
        count: disconnected.length,
      });
    if (isRevoked)
      emit({ event: 'grant.revoked', ...about, cause: vehicleId === undefined ? 'owner' : 'disconnected' });
  }
  return {
    revoked: withdrawn.filter(({ isRevoked }) => isRevoked).length,
    disconnected: withdrawn.filter(({ disconnected }) => disconnected.length > 0).length,
  };
};
