import { toMillis, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import { createOperatorKeyText, digestOperatorSecret } from '../operators/operator-key.ts';
import type { OperatorKey } from '../operators/operator-key.ts';
import { OWN_CLIENTS_MAX } from '../operators/role.ts';
import type { Role } from '../operators/role.ts';
import type { OperationContext } from './context.ts';
import { newShortId } from './new-id.ts';

/** How long an operator key works unless somebody says otherwise, and at most. */
export const OPERATOR_KEY_SECONDS: Seconds = 90 * 86_400;
export const OPERATOR_KEY_MAX_SECONDS: Seconds = 400 * 86_400;

export type OperatorKeyAdded =
  | { readonly outcome: 'added'; readonly key: OperatorKey; readonly text: string }
  | { readonly outcome: 'too_many' }
  /** What is wrong with the clients of the key, one sentence. */
  | { readonly outcome: 'invalid'; readonly fault: string };

/** What is wrong with the clients that a role is bound to; `undefined` for nothing. Throws `StoreError`. */
export const faultOfOwnClients = async (
  { store }: Pick<OperationContext, 'store'>,
  role: Role,
  clientIds: readonly string[],
): Promise<string | undefined> => {
  if (role !== 'developer')
    return clientIds.length === 0
      ? undefined
      : `the role ${role} works with every client: leave out the client`;
  if (clientIds.length === 0) return 'a developer needs at least one client';
  if (clientIds.length > OWN_CLIENTS_MAX) return `a developer has at most ${OWN_CLIENTS_MAX} clients`;
  for (const clientId of clientIds)
    if ((await store.readClient(clientId)).client === undefined) return `there is no client ${clientId}`;
  return undefined;
};

/** Makes an operator key. `text` is the key itself, which is not stored. Throws `StoreError`. */
export const addOperatorKey = async (
  { store, clock, randomness }: Pick<OperationContext, 'store' | 'clock' | 'randomness'>,
  {
    name,
    role,
    clientIds = [],
    expiresInSeconds = OPERATOR_KEY_SECONDS,
    id = newShortId(randomness),
  }: {
    readonly name: string;
    readonly role: Role;
    readonly clientIds?: readonly string[] | undefined;
    readonly expiresInSeconds?: Seconds | undefined;
    /** Drawn before, for the audit log; a new one if it is absent. */
    readonly id?: string | undefined;
  },
): Promise<OperatorKeyAdded> => {
  const own = [...new Set(clientIds)];
  const fault = await faultOfOwnClients({ store }, role, own);
  if (fault !== undefined) return { outcome: 'invalid', fault };
  const text = createOperatorKeyText(randomness);
  const createdAtMs = clock();
  const key: OperatorKey = {
    id,
    name,
    role,
    clientIds: own,
    digest: digestOperatorSecret(text),
    createdAtMs,
    expiresAtMs: toMillis(toSeconds(createdAtMs) + expiresInSeconds),
    lastUsedAtMs: undefined,
  };
  const created = await store.createOperatorKey(key);
  return created === 'created' ? { outcome: 'added', key, text } : { outcome: 'too_many' };
};
