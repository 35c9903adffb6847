import type { OperationContext } from './context.ts';

/**
 * Removes a secret of a client; it stops working with the next request. With `keepLast` the only secret is left, because
 * the client would be locked out without it. Throws `StoreError`.
 */
export const removeSecret = async (
  { store }: Pick<OperationContext, 'store'>,
  {
    clientId,
    secretId,
    keepLast,
  }: { readonly clientId: string; readonly secretId: string; readonly keepLast: boolean },
): Promise<'removed' | 'client_unknown' | 'secret_unknown' | 'last'> => {
  const { client } = await store.readClient(clientId);
  if (client === undefined) return 'client_unknown';
  const removed = await store.removeSecret(clientId, secretId, { keepLast });
  return removed === 'unknown' ? 'secret_unknown' : removed;
};
