import type { ClientSecret } from '../clients/client.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { isUseNews } from '../clients/secret.ts';
import type { Millis } from '../clock.ts';

/** Records which secrets are in use, without delaying answers. */
export type SecretUses = {
  /** Returns at once. */
  note(clientId: string, secret: ClientSecret, nowMs: Millis): void;
  /** Writes what is pending. */
  settle(): Promise<void>;
};

/** Long enough for the answer to be sent, and for uses to collect. */
const DELAY_MS = 1000;

export const createSecretUses = ({ noteSecretUse }: Pick<ClientStore, 'noteSecretUse'>): SecretUses => {
  /** By the id of the secret. */
  let pending = new Map<string, { readonly clientId: string; readonly nowMs: Millis }>();
  let timer: NodeJS.Timeout | undefined;

  const write = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const uses = [...pending];
    pending = new Map();
    // What the store cannot write now is noted again at the next request.
    await Promise.allSettled(
      uses.map(([secretId, { clientId, nowMs }]) => noteSecretUse(clientId, secretId, nowMs)),
    );
  };

  return {
    note(clientId, { id, lastUsedAtMs }, nowMs) {
      if (!isUseNews(lastUsedAtMs, nowMs) || pending.has(id)) return;
      pending.set(id, { clientId, nowMs });
      timer ??= setTimeout(() => void write(), DELAY_MS).unref();
    },
    settle: write,
  };
};
