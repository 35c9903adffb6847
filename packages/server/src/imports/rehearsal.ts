import { hash } from 'node:crypto';
import { compareImport } from '../grants/imported-grant.ts';
import type { ImportedGrant, ImportOutcome } from '../grants/imported-grant.ts';
import type { Store } from '../grants/store.ts';

const TABLES = 256;
const KEY_BYTES = 12;
const IDENTITY_BYTES = 8;

/**
 * Answers what an import would do, and changes nothing. It compares each row with the store and with the rows before it, of
 * which it remembers about twenty bytes each.
 */
export const createRehearsal = (store: Pick<Store, 'findImported'>) => {
  // Several maps, because the size of one map is limited.
  const tables = Array.from({ length: TABLES }, () => new Map<string, string>());

  const rehearse = ({ grant, digest }: ImportedGrant): ImportOutcome => {
    const key = Buffer.from(digest).toString('latin1', 1, 1 + KEY_BYTES);
    const identity = identify(grant);
    const table = tables[digest[0] ?? 0];
    const before = table?.get(key);
    if (before !== undefined) return before === identity ? 'there_already' : 'token_taken';
    table?.set(key, identity);
    return 'imported';
  };

  return async (batch: readonly ImportedGrant[]): Promise<readonly ImportOutcome[]> => {
    const found = await store.findImported(batch.map(({ digest }) => digest));
    return batch.map((one, index) => {
      const there = found[index];
      return there === undefined ? rehearse(one) : compareImport(there, one.grant);
    });
  };
};

const identify = ({ clientId, subject, scope, brand }: ImportedGrant['grant']): string =>
  hash('sha256', JSON.stringify([clientId, subject, scope, brand]), 'buffer').toString(
    'latin1',
    0,
    IDENTITY_BYTES,
  );
