import { toMillis, toSeconds } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import { createOperatorKeyText, digestOperatorSecret } from '../operators/operator-key.ts';
import type { OperatorKey } from '../operators/operator-key.ts';
import type { Role } from '../operators/role.ts';
import type { OperationContext } from './context.ts';

/** How long an operator key works unless somebody says otherwise, and at most. */
export const OPERATOR_KEY_SECONDS: Seconds = 90 * 86_400;
export const OPERATOR_KEY_MAX_SECONDS: Seconds = 400 * 86_400;

export type OperatorKeyAdded =
  | { readonly outcome: 'added'; readonly key: OperatorKey; readonly text: string }
  | { readonly outcome: 'too_many' };

/** Makes an operator key. `text` is the key itself, which is not stored. Throws `StoreError`. */
export const addOperatorKey = async (
  { store, clock, randomness }: Pick<OperationContext, 'store' | 'clock' | 'randomness'>,
  {
    name,
    role,
    expiresInSeconds = OPERATOR_KEY_SECONDS,
  }: { readonly name: string; readonly role: Role; readonly expiresInSeconds?: Seconds | undefined },
): Promise<OperatorKeyAdded> => {
  const text = createOperatorKeyText(randomness);
  const createdAtMs = clock();
  const key: OperatorKey = {
    id: randomness.bytes(6).toString('hex'),
    name,
    role,
    digest: digestOperatorSecret(text),
    createdAtMs,
    expiresAtMs: toMillis(toSeconds(createdAtMs) + expiresInSeconds),
    lastUsedAtMs: undefined,
  };
  const created = await store.createOperatorKey(key);
  return created === 'created' ? { outcome: 'added', key, text } : { outcome: 'too_many' };
};
