import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';
import { revokeGrant } from './revoke-grant.ts';

const PAGE_GRANTS = 500;

/**
 * Removes a client. One that has grants stays, unless `withGrants` is set: then it is disabled first, and every
 * grant is revoked, so that each has its `grant.revoked` event. Throws `StoreError`.
 */
export const removeClient = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  { clientId, withGrants }: { readonly clientId: string; readonly withGrants: boolean },
): Promise<'removed' | 'unknown' | 'has_grants'> => {
  if (withGrants) await revokeGrants(context, clientId);
  return context.store.removeClient(clientId, { withGrants });
};

const revokeGrants = async (
  context: Pick<OperationContext, 'store' | 'clock' | 'emit'>,
  clientId: string,
): Promise<void> => {
  const { store, clock } = context;
  if ((await store.changeClient(clientId, { disabledAtMs: clock() })) === 'unknown') return;
  const revocation = { cause: 'operator', requestId: undefined } as const;
  let after: GrantId | undefined;
  let page;
  do {
    page = await store.listGrants({ clientId, after, limit: PAGE_GRANTS });
    after = page.at(-1)?.id;
    await Promise.all(page.map((grant) => revokeGrant(context, grant, revocation)));
  } while (page.length === PAGE_GRANTS);
};
