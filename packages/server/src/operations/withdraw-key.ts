import { toMillis } from '../clock.ts';
import type { Seconds } from '../clock.ts';
import type { KeyWithdrawal, KeyWithdrawn } from '../tokens/key-state.ts';
import type { OperationContext } from './context.ts';

/** How long refresh tokens of a compromised key are replaced, unless somebody says otherwise: a week. */
export const REPLACEMENT_WINDOW_SECONDS: Seconds = 7 * 86_400;

/** Declares that somebody else may have a key, or that it is no longer needed. */
export type WantedWithdrawal =
  { readonly state: 'compromised'; readonly windowSeconds?: Seconds } | { readonly state: 'retired' };

/**
 * Withdraws a key for good, on every node within a second. `compromised`: its refresh tokens are replaced at their next
 * use, as long as the window lasts; what else it made is refused. `retired`: all that it made is refused, so look at what
 * depends on it before (`readKeys`). The active key of a purpose stays. Throws `StoreError`.
 */
export const withdrawKey = (
  { store, clock }: Pick<OperationContext, 'store' | 'clock'>,
  number: number,
  wanted: WantedWithdrawal,
): Promise<KeyWithdrawn> => {
  const atMs = clock();
  if (wanted.state === 'retired') return store.withdrawKey(number, { state: 'retired', atMs });
  const { windowSeconds = REPLACEMENT_WINDOW_SECONDS } = wanted;
  const withdrawal: KeyWithdrawal = {
    state: 'compromised',
    atMs,
    opensUntilMs: atMs + toMillis(windowSeconds),
  };
  return store.withdrawKey(number, withdrawal);
};
