import type { AdapterFactory, AdapterPayload } from 'oidc-provider';

/** How many tokens of one grant are kept; its oldest make room. */
const TOKENS_OF_GRANT_MAX = 32;

/**
 * Storage for `oidc-provider` in one Map, every step of it O(1). The in-memory adapter that the package ships for
 * development walks over all tokens that a grant ever had at each refresh, and keeps a thousand tokens of all grants
 * together: measured with it, the package would be slower the longer the measurement is.
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
