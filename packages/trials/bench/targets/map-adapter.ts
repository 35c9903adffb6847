import type { AdapterFactory, AdapterPayload } from 'oidc-provider';

/** The number of tokens kept per grant. The oldest are deleted first. */
const TOKENS_OF_GRANT_MAX = 32;

/**
 * Storage for `oidc-provider` in one Map, with steps in O(1). The package's own in-memory adapter is for development: it
 * visits all earlier tokens of a grant at each refresh, and keeps only a thousand tokens of all grants together. With it,
 * the package would get slower during the measurement.
 */
export const createMapAdapters = (): AdapterFactory => {
  const rows = new Map<string, AdapterPayload>();
  const keysByGrant = new Map<string, string[]>();
  const noteToken = (grantId: string, key: string): void => {
    const keys = keysByGrant.get(grantId);
    if (keys === undefined) return void keysByGrant.set(grantId, [key]);
    keys.push(key);
    if (keys.length > TOKENS_OF_GRANT_MAX) rows.delete(keys.shift() ?? '');
  };
  return (model) => ({
    async upsert(id, payload) {
      const key = `${model}:${id}`;
      if (payload.grantId !== undefined && !rows.has(key)) noteToken(payload.grantId, key);
      rows.set(key, payload);
    },
    async find(id) {
      return rows.get(`${model}:${id}`);
    },
    async consume(id) {
      const row = rows.get(`${model}:${id}`);
      if (row !== undefined) row['consumed'] = Math.floor(Date.now() / 1000);
    },
    async destroy(id) {
      rows.delete(`${model}:${id}`);
    },
    async revokeByGrantId(grantId) {
      for (const key of keysByGrant.get(grantId) ?? []) rows.delete(key);
      keysByGrant.delete(grantId);
    },
    async findByUid() {},
    async findByUserCode() {},
  });
};
