import { STORE_UNAVAILABLE, StoreError } from '../errors.ts';
import type { Engine } from './engine.ts';
import type { Refreshed } from './refreshed.ts';
import type { Refresher } from './refresher.ts';

/** How a refresh that somebody asked for ended. */
export type RefreshOutcome = Pick<Refreshed, 'kind' | 'reason' | 'retryAtMs'>;

/** Refreshes a connection now, where that is allowed. A store that is away is an answer, as for who asks for a token. */
export const refreshNow = async (
  engine: Engine,
  refresher: Pick<Refresher, 'refresh'>,
  name: string,
  quarantine: string | undefined,
): Promise<RefreshOutcome> => {
  const { store, timing, log } = engine;
  try {
    const grant = await store.find(name);
    if (grant === undefined) return { kind: 'over', reason: 'not_connected' };
    if (quarantine !== undefined) return { kind: 'later', reason: quarantine };
    const { kind, reason, retryAtMs } = await refresher.refresh(grant, true);
    return { kind, reason, retryAtMs };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    log({ event: 'store.failed', during: 'refresh', reason: error.message });
    return { kind: 'later', reason: STORE_UNAVAILABLE, retryAtMs: store.nowMs() + timing.scanMs };
  }
};
