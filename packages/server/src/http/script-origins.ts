import { originsOf } from '../clients/script-origin.ts';
import type { Clock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import type { Store } from '../grants/store.ts';

/** Answers which origins belong to a registered public client. */
export type ScriptOrigins = {
  /**
   * Whether the origin is that of a redirect URI of an enabled public client, as of some seconds ago. Throws `StoreError` where
   * nothing was ever read.
   */
  has(origin: string): Promise<boolean>;
  /** The same by what was read last, without waiting: for an answer that must cost nothing. */
  wasAmong(origin: string): boolean;
};

/** How long the origins are used before they are read again. */
const FRESH_MS = 5000;

/**
 * Anybody can send any origin, so no request reads the store for itself: all origins are read together, at most once in
 * `FRESH_MS`, and kept while the store is unavailable.
 */
export const createScriptOrigins = (
  { listPublicRedirectUris }: Pick<Store, 'listPublicRedirectUris'>,
  monotonic: Clock,
): ScriptOrigins => {
  let known: ReadonlySet<string> | undefined;
  let readAtMs = 0;
  let reading: Promise<ReadonlySet<string>> | undefined;

  const read = async (): Promise<ReadonlySet<string>> => {
    try {
      known = new Set(originsOf(await listPublicRedirectUris()));
    } catch (error) {
      if (known === undefined || !(error instanceof StoreError)) throw error;
    } finally {
      readAtMs = monotonic();
      reading = undefined;
    }
    return known;
  };

  return {
    async has(origin) {
      const isFresh = known !== undefined && monotonic() - readAtMs < FRESH_MS;
      const origins = isFresh ? known : await (reading ??= read());
      return origins?.has(origin) === true;
    },
    wasAmong: (origin) => known?.has(origin) === true,
  };
};
