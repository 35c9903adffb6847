import type { ClientSecret } from '../clients/client.ts';
import { isUseNews } from '../clients/secret.ts';
import { toSeconds } from '../clock.ts';
import type { Store } from '../grants/store.ts';

/** Notes which secrets are in use, behind the answers and never in their way. */
export type SecretUses = {
  /** Returns at once. `nowMs`: integer milliseconds. */
  note(secret: ClientSecret, nowMs: number): void;
  /** Writes what is still to be written. */
  settle(): Promise<void>;
};

/** Long enough for the answer to be out, and for uses to gather. */
const DELAY_MS = 1000;

export const createSecretUses = ({ noteSecretUse }: Pick<Store, 'noteSecretUse'>): SecretUses => {
  let pending = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  const write = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const uses = [...pending];
    pending = new Map();
    // What the store cannot write now is news at the next request too.
    await Promise.allSettled(uses.map(([secretId, at]) => noteSecretUse(secretId, at)));
  };

  return {
    note({ id, lastUsedAt }, nowMs) {
      const at = toSeconds(nowMs);
      if (!isUseNews(lastUsedAt, at) || pending.has(id)) return;
      pending.set(id, at);
      timer ??= setTimeout(() => void write(), DELAY_MS).unref();
    },
    settle: write,
  };
};
